package redisstore_test

import (
	"testing"

	"gatehouse/idp"
	redisstore "gatehouse/storage/redis"
	"gatehouse/storage/storagetest"
	"gatehouse/testenv"
)

func open(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), url, redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func suites(t *testing.T, s *redisstore.Store) {
	t.Run("Grants", func(t *testing.T) {
		storagetest.Grants(t, func(*testing.T) idp.GrantStore { return s })
	})
	t.Run("Sessions", func(t *testing.T) {
		storagetest.Sessions(t, func(*testing.T) idp.SessionStore { return s })
	})
	t.Run("Interactions", func(t *testing.T) {
		storagetest.Interactions(t, func(*testing.T) idp.InteractionStore { return s })
	})
	t.Run("Notes", func(t *testing.T) {
		storagetest.Notes(t, func(*testing.T) idp.NoteStore { return s })
	})
	t.Run("Throttles", func(t *testing.T) {
		storagetest.Throttles(t, func(*testing.T) idp.ThrottleStore { return s })
	})
}

func TestSingleNode(t *testing.T) { suites(t, open(t, testenv.Redis(t))) }

func TestCluster(t *testing.T) { suites(t, open(t, testenv.RedisCluster(t))) }
