package keyset

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
)

// list reads a page of the numbers 1 to n as a store would.
func list(t *testing.T, numbers []int, q idp.ListQuery) idp.Page[int] {
	t.Helper()
	r, err := Read(q, "number")
	if err != nil {
		t.Fatal(err)
	}
	numbers = slices.Clone(numbers)
	if r.Back {
		slices.Reverse(numbers)
	}
	var items []int
	var marks []Mark
	for _, n := range numbers {
		value := fmt.Sprintf("%04d", n)
		if r.From != nil && (!r.Back && value <= r.From.Value || r.Back && value >= r.From.Value) {
			continue
		}
		if items = append(items, n); len(items) > r.Limit+1 {
			break
		}
		marks = append(marks, Mark{value, "id"})
	}
	return Build(r, items[:min(len(items), r.Limit+1)], marks, nil)
}

func upTo(n int) (numbers []int) {
	for i := range n {
		numbers = append(numbers, i+1)
	}
	return numbers
}

func TestPagesForthAndBack(t *testing.T) {
	numbers := upTo(25)
	q := idp.ListQuery{Limit: 10}
	var pages []idp.Page[int]
	for {
		p := list(t, numbers, q)
		pages = append(pages, p)
		if p.Next == "" {
			break
		}
		q.After = p.Next
	}
	if len(pages) != 3 || pages[0].Prev != "" || pages[1].First != 11 || pages[2].First != 21 || len(pages[2].Items) != 5 {
		t.Fatalf("pages are %+v", pages)
	}
	for i := 2; i > 0; i-- {
		p := list(t, numbers, idp.ListQuery{Limit: 10, Before: pages[i].Prev})
		if !slices.Equal(p.Items, pages[i-1].Items) || p.First != pages[i-1].First || p.Next == "" || (p.Prev == "") != (i == 1) {
			t.Errorf("before page %d is %+v", i, p)
		}
		if again := list(t, numbers, idp.ListQuery{Limit: 10, After: p.Next}); !slices.Equal(again.Items, pages[i].Items) {
			t.Errorf("after that comes %+v", again)
		}
	}
}

func TestPagesWhileItemsComeAndGo(t *testing.T) {
	numbers := upTo(30)
	first := list(t, numbers, idp.ListQuery{Limit: 10})
	second := list(t, numbers, idp.ListQuery{Limit: 10, After: first.Next})
	gone := slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return n == 10 || n == 11 }) // both edges
	if p := list(t, gone, idp.ListQuery{Limit: 10, After: first.Next}); p.Items[0] != 12 || p.First != 11 {
		t.Errorf("after an item that went: %+v", p)
	}
	if p := list(t, gone, idp.ListQuery{Limit: 10, Before: second.Prev}); p.Items[0] != 1 || len(p.Items) != 9 || p.First != 1 || p.Prev != "" {
		t.Errorf("before an item that went: %+v", p)
	}
	if p := list(t, nil, idp.ListQuery{Limit: 10, After: first.Next}); len(p.Items) != 0 || p.Items == nil || p.First != 0 || p.Next+p.Prev != "" {
		t.Errorf("of a list that emptied: %+v", p)
	}
	grown := append([]int{0, 0, 0}, numbers...)
	if p := list(t, grown, idp.ListQuery{Limit: 10, Before: second.Prev}); p.First != 1 || p.Prev == "" {
		t.Errorf("a position never falls below 1: %+v", p)
	}
}

// Reading may break off before the page is full.
func TestPagesThatAreNotFull(t *testing.T) {
	at := func(n int) Mark { return Mark{fmt.Sprintf("%04d", n), "id"} }
	read := func(q idp.ListQuery) Request {
		r, err := Read(q, "number")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	reached := at(70)
	p := Build(read(idp.ListQuery{Limit: 10}), []int{3, 5}, []Mark{at(3), at(5)}, &reached)
	if next := read(idp.ListQuery{After: p.Next}); *next.From != reached || next.position != 2 || p.First != 1 || p.Prev != "" {
		t.Errorf("a short page is %+v", p)
	}
	var none []int
	p2 := Build(read(idp.ListQuery{Limit: 10, After: p.Next}), none, nil, &reached)
	if len(p2.Items) != 0 || p2.First != 0 || *read(idp.ListQuery{After: p2.Next}).From != reached {
		t.Errorf("an empty page that goes on is %+v", p2)
	}
	p = Build(read(idp.ListQuery{Limit: 10, Before: p2.Prev}), []int{60}, []Mark{at(60)}, &Mark{"0050", "id"})
	if *read(idp.ListQuery{Before: p.Prev}).From != at(50) || *read(idp.ListQuery{After: p.Next}).From != at(60) {
		t.Errorf("a short page backwards is %+v", p)
	}
}

func TestLimits(t *testing.T) {
	for asked, want := range map[int]int{-1: 50, 0: 50, 1: 1, 500: 500, 501: 500, 1 << 40: 500} {
		if r, err := Read(idp.ListQuery{Limit: asked}, "x"); err != nil || r.Limit != want {
			t.Errorf("limit %d becomes %d, %v", asked, r.Limit, err)
		}
	}
}

func TestBrokenCursors(t *testing.T) {
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	good := encode(`["name","ada","1",7]`)
	if _, err := Read(idp.ListQuery{After: good}, "name"); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing of ours":    "x",
		"padded":             good + "==",
		"a space":            " " + good,
		"a line end":         good[:4] + "\n" + good[4:],
		"stray bits":         encode(`["name","ada","1",77]`)[:26] + "-",
		"cut":                good[:len(good)-2],
		"of another sort":    encode(`["-name","ada","1",7]`),
		"three parts":        encode(`["name","ada",7]`),
		"five parts":         encode(`["name","ada","1",7,8]`),
		"an object":          encode(`{"Sort":"name"}`),
		"null":               encode(`null`),
		"no ID":              encode(`["name","ada","",7]`),
		"position 0":         encode(`["name","ada","1",0]`),
		"negative position":  encode(`["name","ada","1",-7]`),
		"half a position":    encode(`["name","ada","1",7.5]`),
		"huge position":      encode(`["name","ada","1",99999999999999]`),
		"number for a value": encode(`["name",3,"1",7]`),
		"null for a value":   encode(`["name",null,"1",7]`),
		"NUL":                encode(`["name","a\u0000","1",7]`),
		"another spelling":   encode(`["name", "ada","1",7]`),
		"bad UTF-8":          encode("[\"name\",\"\xff\",\"1\",7]"),
		"something behind":   encode(`["name","ada","1",7]x`),
		"endless":            encode(`["name","` + strings.Repeat("a", maxCursor) + `","1",7]`),
	} {
		for field, q := range map[string]idp.ListQuery{"after": {After: text}, "before": {Before: text}} {
			_, err := Read(q, "name")
			var invalid *idp.InvalidError
			if !errors.As(err, &invalid) || invalid.Faults[0].Field != field {
				t.Errorf("%s as %s: %v", name, field, err)
			}
		}
	}
	var invalid *idp.InvalidError
	if _, err := Read(idp.ListQuery{After: good, Before: good}, "name"); !errors.As(err, &invalid) {
		t.Errorf("both at once: %v", err)
	}
}

// FuzzParse: whatever is taken for a cursor is one, in its only spelling.
func FuzzParse(f *testing.F) {
	for _, c := range []cursor{{Mark{"", "1"}, "name", 1}, {Mark{"ключ \"<&>\u2028", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, "-created_at", maxPosition}} {
		f.Add(c.String())
	}
	f.Add("")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`["a","b","c",1e0]`)))
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parse(text)
		if !ok {
			return
		}
		if c.String() != text || c.ID == "" || c.Position < 1 || c.Position > maxPosition || strings.Contains(c.Value+c.ID, "\x00") {
			t.Errorf("%q is taken for %+v", text, c)
		}
	})
}
