package pages

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"gatehouse/idp"
)

// faultRooms are the rooms whose faults people see at forms.
func faultRooms() []string {
	return []string{"idp", "account", "oauth", "settings", "web", "console", "selfservice"}
}

// faultFormats finds the formats of all faults that a room makes: the second
// argument of NewFault and of faults.add, and the Message of a Fault.
func faultFormats(t *testing.T, room string) []string {
	t.Helper()
	var found []string
	literal := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, text)
		}
	}
	for _, file := range parseRoom(t, filepath.Join("..", room)) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := calledName(n.Fun)
				if (name == "NewFault" || name == "f.add") && len(n.Args) >= 2 {
					literal(n.Args[1])
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Message" {
					literal(n.Value)
				}
			}
			return true
		})
	}
	return found
}

func calledName(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "f" {
			return "f." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

func TestEveryFaultHasWords(t *testing.T) {
	have := areas(t, "en")["faults"]
	used := []string{"does not match"} // of the review page
	for _, room := range faultRooms() {
		formats := faultFormats(t, room)
		used = append(used, formats...)
		for _, format := range formats {
			if !slices.Contains(have, format) {
				t.Errorf("%s: messages/en/faults.json lacks %q", room, format)
			}
		}
	}
	if len(used) < 40 {
		t.Errorf("only %d formats found", len(used))
	}
	for _, format := range have {
		if !slices.Contains(used, format) {
			t.Errorf("messages/en/faults.json has %q, which nothing says", format)
		}
	}
}

// The words of a fault take its arguments, as text.
func TestFaultsKeepTheirArguments(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]`)
	for _, l := range languages() {
		messages, err := readArea("messages/" + l.tag + "/faults.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			want, got := verb.FindAllString(m.ID, -1), verb.FindAllString(m.Other, -1)
			if len(got) != len(want) || slices.ContainsFunc(got, func(v string) bool { return v != "%s" }) {
				t.Errorf("%s: %q takes %v, its words %v", l.tag, m.ID, want, got)
			}
		}
	}
}

func TestFaultInWords(t *testing.T) {
	cats, err := loadCatalogues(false)
	if err != nil {
		t.Fatal(err)
	}
	kept := idp.NewFault("x", "must be from %s to %s", time.Minute, 24*time.Hour)
	kept.Args = []any{"1m0s", "24h0m0s"} // as a draft keeps them
	for _, c := range []struct {
		lang  string
		fault idp.Fault
		want  string
	}{
		{"en", idp.NewFault("x", "is required"), "Fill this in."},
		{"de", idp.NewFault("x", "must be at most %d characters", 64), "Verwenden Sie höchstens 64 Zeichen."},
		{"en", idp.NewFault("x", "must be from %s to %s", time.Minute, 36*time.Hour), "Choose from 1 minute to 36 hours."},
		{"en", kept, "Choose from 1 minute to 1 day."},
		{"en", idp.NewFault("x", "%q is not a role name", "a <b>"), "“a <b>” can't be a role's name."},
		{"de", idp.Fault{Message: "something new"}, "something new"},
		{"en", idp.NewFault("x", "something %s", "new"), "something new"},
	} {
		for _, l := range languages() {
			if l.tag != c.lang {
				continue
			}
			if got := cats.speaker(l).fault(c.fault); got != c.want {
				t.Errorf("%s %v: %q", c.lang, c.fault, got)
			}
		}
	}
	english := cats.speaker(languages()[0])
	for d, want := range map[time.Duration]string{
		0: "0 seconds", 90 * time.Second: "90 seconds", time.Minute: "1 minute", 36 * time.Hour: "36 hours", 400 * 24 * time.Hour: "400 days",
	} {
		if got := english.duration(d); got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
}
