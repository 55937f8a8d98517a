package testenv

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browserStart bounds how long a browser may take to start on a busy machine.
const browserStart = 60 * time.Second

// Browser starts a headless Chromium with an empty profile, and returns the
// chromedp context of its first tab; chromedp.NewContext of it opens more.
// The browser ends with the test.
func Browser(tb testing.TB) context.Context {
	tb.Helper()
	path := need(tb, "chromium", "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(tb.TempDir()),
		chromedp.NoSandbox, // root has no sandbox, and only our own pages are opened
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("lang", "en"),
		chromedp.WSURLReadTimeout(browserStart),
	)
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endBrowser := chromedp.NewContext(allocator)
	tb.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the process, so the profile can be removed after it
		endBrowser()
		endAllocator()
	})
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("start chromium: %v", err)
	}
	// Headless tabs have no focus otherwise, and autofocus and focus rings with it.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		tb.Fatalf("give the tab the focus: %v", err)
	}
	return ctx
}

// Axe returns the script of axe-core, which checks a page for accessibility.
func Axe(tb testing.TB) string {
	tb.Helper()
	const name = "e2e/node_modules/axe-core/axe.min.js"
	for dir, err := os.Getwd(); err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		script, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err == nil {
			return string(script)
		}
	}
	missing(tb, "axe-core is not installed: npm ci --omit-lockfile-registry-resolved --prefix e2e")
	return ""
}
