package pages

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"

	"gatehouse/idp"
)

func TestDeviceOf(t *testing.T) {
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko) "
	for want, userAgent := range map[Device]string{
		{"Firefox", "Windows"}:          "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
		{"Edge", "Windows"}:             "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
		{"Opera", "macOS"}:              "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + webkit + "Chrome/137.0.0.0 Safari/537.36 OPR/121.0.0.0",
		{"Chrome", "Linux"}:             "Mozilla/5.0 (X11; Linux x86_64) " + webkit + "Chrome/138.0.0.0 Safari/537.36",
		{"Chrome", "Android"}:           "Mozilla/5.0 (Linux; Android 10; K) " + webkit + "Chrome/138.0.0.0 Mobile Safari/537.36",
		{"Samsung Internet", "Android"}: "Mozilla/5.0 (Linux; Android 10; K) " + webkit + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
		{"Chrome", "ChromeOS"}:          "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + webkit + "Chrome/138.0.0.0 Safari/537.36",
		{"Safari", "macOS"}:             "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
		{"Safari", "iPhone"}:            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
		{"Chrome", "iPhone"}:            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0 Mobile/15E148 Safari/604.1",
		{"Firefox", "iPad"}:             "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15",
		{"", "Linux"}:                   "tool (Linux)",
		{"", ""}:                        "curl/8.9.1",
	} {
		if got := DeviceOf(userAgent); got != want {
			t.Errorf("%s: %+v, want %+v", userAgent, got, want)
		}
	}
}

// FuzzDevice shows that nothing that a browser says of itself gets into a page.
func FuzzDevice(f *testing.F) {
	for _, s := range []string{"", "Firefox/1 Windows", "<script>Edg", "\x00\xff", strings.Repeat("Chrome/", 100)} {
		f.Add(s)
	}
	cats, err := loadCatalogues(false)
	if err != nil {
		f.Fatal(err)
	}
	s := cats.speaker(languages()[0])
	known := map[string]bool{"": true}
	for _, m := range slices.Concat(browserMarks(), systemMarks()) {
		known[m.name] = true
	}
	f.Fuzz(func(t *testing.T, userAgent string) {
		d := DeviceOf(userAgent)
		said, err := s.device(userAgent)
		if !known[d.Browser] || !known[d.System] || err != nil || said == "" {
			t.Errorf("%+v %q %v", d, said, err)
		}
	})
}

func TestZonesAndLocalesCanBeChosen(t *testing.T) {
	for _, o := range ZoneOptions("")[1:] {
		if _, err := time.LoadLocation(o.Value); err != nil || o.Value == "" || o.Label == "" {
			t.Errorf("%+v: %v", o, err)
		}
		u := idp.User{Username: "ada", Zoneinfo: o.Value}
		if u.Normalize(); u.Validate() != nil {
			t.Errorf("%s is refused: %v", o.Value, u.Validate())
		}
	}
	for _, o := range LocaleOptions("")[1:] {
		if _, err := language.Parse(o.Value); err != nil || o.Label == "" {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, options := range [][]Option{ZoneOptions("Asia/Calcutta"), LocaleOptions("tlh")} {
		if last := options[len(options)-1]; last.Value != "Asia/Calcutta" && last.Value != "tlh" {
			t.Errorf("what is set cannot be kept: %+v", last)
		}
	}
	if a, b := len(ZoneOptions("Europe/Paris")), len(ZoneOptions("")); a != b {
		t.Errorf("%d and %d zones", a, b)
	}
}

// Every action of the audit log can be told: with words of its own, or as administration.
func TestEveryActionIsTold(t *testing.T) {
	cats, err := loadCatalogues(false)
	if err != nil {
		t.Fatal(err)
	}
	s := cats.speaker(languages()[0])
	for _, action := range append(toldActions(), idp.ActionRoleCreate, idp.ActionKeyRevoke, idp.ActionSettingsUpdate, "a.new_one") {
		for _, refused := range []bool{false, true} {
			said, err := s.activity(ActivityRow{Action: action, Refused: refused})
			if err != nil || said == "" {
				t.Errorf("%s: %q %v", action, said, err)
			}
			if told := slices.Contains(toldActions(), action); told == strings.Contains(said, "administrator") {
				t.Errorf("%s: %q", action, said)
			}
		}
	}
	if said, _ := s.activity(ActivityRow{Action: idp.ActionUserUpdate, Subject: "grace"}); said != "As an administrator: user.update grace" {
		t.Errorf("%q", said)
	}
}
