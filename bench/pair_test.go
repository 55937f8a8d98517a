package bench

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/testenv"
)

const password = "four quiet lamps by the sea"

// side is one of the two programs that are compared.
type side struct {
	*process
	cookies string // of a signed-in browser
}

// pair is Gatehouse and the floor on the same stores.
type pair struct {
	ours, floor           *side
	metrics               string // where Gatehouse shows its profiles
	redis                 string // "" for SQLite
	redisPID, postgresPID int
}

// stores are the processes of the stores, which are busy for one side at a
// time. SQLite has none.
func (p *pair) stores() []int {
	if p.redis == "" {
		return nil
	}
	return append(children(p.postgresPID), p.postgresPID, p.redisPID)
}

// startPair starts both, with the clients and a browser that is signed in.
func startPair(b *testing.B, withRedis bool) *pair {
	b.Helper()
	p := &pair{metrics: freeAddress(b)}
	address := freeAddress(b)
	env := environment(b.TempDir(), address, "GATEHOUSE_METRICS_LISTEN="+p.metrics)
	config := floorConfig{Listen: freeAddress(b), Twin: "http://" + address}
	if withRedis {
		database := testenv.Postgres(b)
		p.redis, config.Redis = testenv.Redis(b), testenv.Redis(b)
		p.redisPID, p.postgresPID = redisInfo(b, p.redis, "process_id"), postgresPID(b, database)
		env = append(env, "DATABASE_URL="+database, "REDIS_URL="+p.redis)
	} else {
		config.SQLite = filepath.Join(b.TempDir(), "floor.db")
	}
	run(b, env, "migrate", "up")
	for _, c := range []struct{ client, alg string }{{application.id, "RS256"}, {quick.id, "ES256"}} {
		run(b, env, "client", "create", "--id", c.client, "--name", c.client, "--secret", application.secret, "--no-consent",
			"--id-token-alg", c.alg, "--redirect-uri", callback, "--scope", "openid profile email api", "--grant",
			"authorization_code,refresh_token,client_credentials,password")
	}
	p.ours = &side{process: start(b, config.Twin, env, program(b), "serve")}
	p.ours.cookies = signIn(b, config.Twin)
	text, _ := json.Marshal(config)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p.floor = &side{process: start(b, "http://"+config.Listen, append(os.Environ(), floorVariable+"="+string(text)), self)}
	return p
}

// environment is how Gatehouse is configured: as it comes, but for the limit
// of failed sign-ins, which also bounds how many are under way at once.
func environment(dir, address string, more ...string) []string {
	return append([]string{
		"GATEHOUSE_ISSUER=http://" + address, "GATEHOUSE_LISTEN=" + address, "GATEHOUSE_DATA_DIR=" + dir,
		"GATEHOUSE_ADMIN_PASSWORD=" + password, "GATEHOUSE_SIGNIN_ACCOUNT_LIMIT=1000", "GATEHOUSE_SIGNIN_NETWORK_LIMIT=1000",
		"GATEHOUSE_MASTER_KEY=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	}, append(more, strings.Fields(os.Getenv("GATEHOUSE_BENCH_ENV"))...)...)
}

// signIn goes through the sign-in page and returns the cookies that a browser then sends.
func signIn(b *testing.B, issuer string) string {
	b.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	walker := http.Client{Jar: jar}
	res, err := walker.Get(issuer + "/login")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	page, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	csrf, _ := page.Find("input[name=csrf]").First().Attr("value")
	res, err = walker.PostForm(issuer+"/login", url.Values{"username": {"admin"}, "password": {password}, "csrf": {csrf}})
	if err != nil {
		b.Fatal(err)
	}
	res.Body.Close()
	if res.Request.URL.Path != "/account" {
		b.Fatalf("sign-in ended at %s with status %d", res.Request.URL.Path, res.StatusCode)
	}
	text := ""
	for _, c := range jar.Cookies(res.Request.URL) {
		text += fmt.Sprintf("%s=%s; ", c.Name, c.Value)
	}
	return text
}
