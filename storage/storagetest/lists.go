package storagetest

import (
	"encoding/base64"
	"slices"
	"testing"

	"gatehouse/idp"
)

// list reads one page of a list whose filter leaves only what the test made.
type list[T any] struct {
	read func(q idp.ListQuery) (idp.Page[*T], error)
	id   func(*T) string
}

func (l list[T]) page(t *testing.T, q idp.ListQuery) idp.Page[*T] {
	t.Helper()
	p, err := l.read(q)
	noError(t, err)
	if p.Items == nil {
		t.Fatal("Items is nil")
	}
	return p
}

func (l list[T]) ids(p idp.Page[*T]) (ids []string) {
	for _, item := range p.Items {
		ids = append(ids, l.id(item))
	}
	return ids
}

// is fails unless the list, sorted so, consists of the IDs: read at once, in small
// pages forth, and from the last page back.
func (l list[T]) is(t *testing.T, sort string, want []string) {
	t.Helper()
	whole := l.page(t, idp.ListQuery{Sort: sort, Limit: idp.MaxPage})
	if got := l.ids(whole); !slices.Equal(got, want) {
		t.Fatalf("sorted by %q: %q, want %q", sort, got, want)
	}
	if whole.Next+whole.Prev != "" || len(want) > 0 && whole.First != 1 || whole.Total >= 0 && whole.Total != len(want) || whole.More {
		t.Errorf("the whole list has neighbours or a wrong count: %+v", whole)
	}
	const limit = 3
	var pages []idp.Page[*T]
	q := idp.ListQuery{Sort: sort, Limit: limit}
	for {
		p := l.page(t, q)
		first := len(pages) * limit
		if got := l.ids(p); !slices.Equal(got, want[first:min(first+limit, len(want))]) || len(want) > 0 && p.First != first+1 {
			t.Fatalf("sorted by %q, page %d is %q from %d of %q", sort, len(pages), got, p.First, want)
		}
		if p.Total >= 0 && p.Total != len(want) || (p.Prev == "") != (len(pages) == 0) {
			t.Errorf("sorted by %q, page %d: total %d, prev %q", sort, len(pages), p.Total, p.Prev)
		}
		if pages = append(pages, p); p.Next == "" {
			break
		}
		q.After = p.Next
	}
	if n := (len(want) + limit - 1) / limit; len(pages) != max(n, 1) {
		t.Errorf("sorted by %q: %d pages, want %d", sort, len(pages), n)
	}
	for i := len(pages) - 1; i > 0; i-- {
		p := l.page(t, idp.ListQuery{Sort: sort, Limit: limit, Before: pages[i].Prev})
		if !slices.Equal(l.ids(p), l.ids(pages[i-1])) || p.First != pages[i-1].First || p.Next == "" || (p.Prev == "") != (i == 1) {
			t.Errorf("sorted by %q, before page %d comes %q from %d", sort, i, l.ids(p), p.First)
		}
	}
}

// bothWays is is for a sort and its reverse.
func (l list[T]) bothWays(t *testing.T, sort string, want []string) {
	t.Helper()
	l.is(t, sort, want)
	l.is(t, "-"+sort, reversed(want))
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// refusesCursors fails unless broken cursors are refused, each under its name.
func (l list[T]) refusesCursors(t *testing.T) {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	for _, text := range []string{
		"x", "*", encode([]byte(`[]`)), encode([]byte(`["username","a","1",1]`)), encode([]byte(`["-time","a","1",1]`)),
		encode([]byte(`["-ends_at","a","1",1]`)), encode([]byte(`["-expires_at","a","1",1]`)),
		encode([]byte(`["-time","99999999999999999999","1",1]`)), encode([]byte(`["-time","9223372036854775807","1",1]`)),
	} {
		_, err := l.read(idp.ListQuery{After: text})
		refused(t, err, "after")
		_, err = l.read(idp.ListQuery{Before: text})
		refused(t, err, "before")
	}
}

// refusesSorts fails unless an unknown order is refused.
func (l list[T]) refusesSorts(t *testing.T) {
	t.Helper()
	for _, sort := range []string{"password_hash", "--username", "-", "Username", "username ", "id;--", "created_at DESC"} {
		_, err := l.read(idp.ListQuery{Sort: sort})
		refused(t, err, "sort")
	}
}
