package e2e

import (
	"context"
	"testing"

	"gatehouse/testenv"
)

// chromium is a running browser before a running system.
type chromium struct {
	*system
	ctx context.Context
}

// TestChromium runs what a person does in a real browser against the running
// program. All of it shares one browser and one system.
func TestChromium(t *testing.T) {
	browser := testenv.Browser(t)
	s := chromium{startSystem(t, onSQLite, "GATEHOUSE_DEMO=true", "GATEHOUSE_SIGNIN_NETWORK_LIMIT=10000"), browser}
	for _, c := range []struct {
		name string
		test func(*testing.T, chromium)
	}{
		{"every page is accessible", walkInspecting},
		{"without scripts", walkWithoutScripts},
		{"by keyboard", walkByKeyboard},
		{"a newcomer's path", newcomerPath},
		{"crawl", crawl},
		{"weight", weighLogin},
		{"failed forms", failForms},
		{"stale forms", staleForms},
		{"filling in", fillIn},
		{"back and reload", backAndReload},
		{"handing over", handOver},
		{"slow network", slowNetwork},
		{"failed forms of the console", failConsoleForms},
		{"stale versions", staleVersions},
		{"foreign records", foreignRecords},
		{"history of the console", consoleHistory},
		{"doubled forms of the console", consoleDoubled},
		{"filling in the console", fillConsole},
		{"the end of a session", sessionEnds},
		{"what cannot be undone", irreversible},
		{"who cannot be ended", protected},
		{"told once", toldOnce},
		{"new events", newEvents},
		{"lists are links", listsAreLinks},
		{"other lists", listsElsewhere},
		{"many at once", bulkChoice},
		{"export", exported},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, s) })
	}
	t.Run("every action", func(t *testing.T) {
		everyAction(t, chromium{startSystem(t, onSQLite, "GATEHOUSE_SIGNIN_NETWORK_LIMIT=10000"), browser})
	})
	t.Run("on postgres and redis", func(t *testing.T) {
		walkThrough(t, chromium{startSystem(t, onRedis, "GATEHOUSE_DEMO=true"), browser}, mouse{}, true)
	})
}
