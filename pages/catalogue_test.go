package pages

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// usedKeys finds every message key that templates and code can ask for.
func usedKeys(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatalf("templates: %v, %v", names, err)
	}
	call := regexp.MustCompile(`[{(]\s*(?:t|tn|rich|if\s+t)\s+"([a-z0-9_.]+)"`)
	for _, name := range names {
		raw, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(raw), -1) {
			used[m[1]] = true
		}
	}
	for _, key := range codeKeys() {
		used[key] = true
	}
	return used
}

// codeKeys are the keys that Go code puts together.
func codeKeys() []string {
	keys := []string{"title.page", "title.failed", "app.unnamed", "date.long", "error.again", "error.back", "error.account"}
	for _, kind := range errorKinds() {
		for _, part := range []string{"title", "text", "todo"} {
			keys = append(keys, errorText(ErrorPage{Kind: kind}, part).key)
		}
	}
	for _, scope := range append(plainScopes(), "custom:scope") {
		for _, part := range []string{"title", "text"} {
			keys = append(keys, scopeText(ScopeLine{Name: scope}, part).key)
		}
	}
	for month := time.January; month <= time.December; month++ {
		keys = append(keys, "date.month."+time.Date(2000, month, 1, 0, 0, 0, 0, time.UTC).Format("01"))
	}
	for _, button := range []string{"refresh", "introspect", "userinfo", "logout"} {
		keys = append(keys, "demo."+button)
	}
	for _, p := range []Page{
		LoginPage{},
		LoginPage{Reauth: true},
		SelectPage{},
		ConsentPage{},
		ConsentPage{OnlyNew: true},
		ContinuePage{},
		ContinuedPage{},
		FormPostPage{},
		LogoutPage{},
		SignedOutPage{},
		HomePage{},
		DemoPage{},
	} {
		keys = append(keys, p.describe().title.key)
	}
	return keys
}

func TestCataloguesHoldExactlyTheKeysInUse(t *testing.T) {
	used := slices.Sorted(maps.Keys(usedKeys(t)))
	for _, l := range languages() {
		messages, err := readMessages(l.tag)
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for _, m := range messages {
			have = append(have, m.ID)
			if m.Other == "" {
				t.Errorf("%s: %s is empty", l.tag, m.ID)
			}
		}
		for _, key := range used {
			if !slices.Contains(have, key) {
				t.Errorf("%s lacks %s", l.tag, key)
			}
		}
		for _, key := range have {
			if !slices.Contains(used, key) {
				t.Errorf("%s has %s, which nothing uses", l.tag, key)
			}
		}
	}
}

func TestEveryTranslationKeepsThePlaceholders(t *testing.T) {
	english := placeholders(t, "en")
	for _, l := range languages()[1:] {
		for id, want := range placeholders(t, l.tag) {
			if !slices.Equal(want, english[id]) {
				t.Errorf("%s: %s has %v, English %v", l.tag, id, want, english[id])
			}
		}
	}
}

// placeholders returns the placeholders of every message, of the form "other".
func placeholders(t *testing.T, tag string) map[string][]string {
	t.Helper()
	messages, err := readMessages(tag)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`{{\.(\w+)}}`)
	out := map[string][]string{}
	for _, m := range messages {
		found := form.FindAllString(m.Other, -1)
		slices.Sort(found)
		out[m.ID] = slices.Compact(found)
	}
	return out
}

func TestPluralForms(t *testing.T) {
	cats, err := loadCatalogues(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tag   string
		count int
		want  string
	}{
		{"en", 1, "Wait 1 minute,"},
		{"en", 5, "Wait 5 minutes,"},
		{"de", 1, "1 Minute "},
		{"de", 2, "2 Minuten "},
		{"ar", 1, "دقيقة واحدة"},
		{"ar", 2, "دقيقتين"},
		{"ar", 3, "3 دقائق"},
		{"ar", 11, "11 دقيقة"},
		{"ar", 100, "100 دقيقة"},
		{pseudoTag, 1, "1 mîñûţé,"},
		{pseudoTag, 2, "2 mîñûţéš,"},
	} {
		said, err := cats.speaker(languageInfo{tag: c.tag}).say(text{key: "notice.throttled", count: c.count})
		if err != nil {
			t.Errorf("%s %d: %v", c.tag, c.count, err)
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s %d: %q lacks %q", c.tag, c.count, said, c.want)
		}
	}
}

func TestPseudoLocaleIsLongerAndKeepsPlaceholders(t *testing.T) {
	for _, s := range []string{"Sign in", "Keep me signed in on this device", "to continue to {{.App}} at {{.Host}}"} {
		long := pseudo(s)
		plain := regexp.MustCompile(`{{[^}]*}}`).ReplaceAllString(s, "")
		if grown := len([]rune(long)) - len([]rune(s)); float64(grown) < 0.4*float64(len(plain)) {
			t.Errorf("%q grew by %d only: %q", s, grown, long)
		}
		for _, p := range regexp.MustCompile(`{{[^}]*}}`).FindAllString(s, -1) {
			if !strings.Contains(long, p) {
				t.Errorf("%q lost %s", long, p)
			}
		}
	}
}

func TestMissingKeyIsAnErrorNotAnEmptyPage(t *testing.T) {
	cats, err := loadCatalogues(false)
	if err != nil {
		t.Fatal(err)
	}
	if said, err := cats.speaker(languages()[0]).say(text{key: "no.such.key"}); err == nil {
		t.Fatalf("said %q", said)
	}
}
