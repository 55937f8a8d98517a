package testenv

import (
	"database/sql"
	"testing"
)

func ask(t *testing.T, url, query string) (answer string, err error) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRowContext(t.Context(), query).Scan(&answer)
	return answer, err
}

func TestPostgresGivesEachCallADatabaseOfItsOwn(t *testing.T) {
	a, b := Postgres(t), Postgres(t)
	if a == b {
		t.Fatalf("both calls gave %s", a)
	}
	if _, err := ask(t, a, "CREATE TABLE mine (x text); SELECT 'made'"); err != nil {
		t.Fatal(err)
	}
	if got, err := ask(t, b, "SELECT count(*)::text FROM pg_tables WHERE tablename = 'mine'"); err != nil || got != "0" {
		t.Fatalf("the other database has %s such tables, %v", got, err)
	}
}

func TestPostgresServerComesBackWithItsData(t *testing.T) {
	s := PostgresServer(t)
	if _, err := ask(t, s.URL, "CREATE TABLE kept AS SELECT 'yes' AS x; SELECT x FROM kept"); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(){"Stop": s.Stop, "Kill": s.Kill} {
		end()
		if _, err := ask(t, s.URL, "SELECT x FROM kept"); err == nil {
			t.Fatalf("%s: the server still answers", name)
		}
		s.Start()
		if got, err := ask(t, s.URL, "SELECT x FROM kept"); err != nil || got != "yes" {
			t.Fatalf("%s: after the return the table says %q, %v", name, got, err)
		}
	}
}
