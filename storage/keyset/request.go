package keyset

import (
	"slices"

	"gatehouse/idp"
)

// defaultLimit is how many items a page has unless told.
const defaultLimit = 50

// Mark is where an item stands in its list.
type Mark struct {
	Value string // what the list is sorted by, as text
	ID    string // tells items of one value apart
}

// Request is a list query, understood.
type Request struct {
	// From is the item beside which the page begins; it is not on the page. Nil
	// when the page is the first one.
	From *Mark
	// Back says that the page is the one before From: items are read in the
	// opposite order, away from From.
	Back bool
	// Limit is how many items the page has at most. Read one more to know whether others follow.
	Limit int

	sort     string
	position int // of From in the list, from 1
}

// Read understands a query for a list that is sorted as sort says. A cursor that
// no page of such a list gave is an *idp.InvalidError on "after" or "before".
func Read(q idp.ListQuery, sort string) (Request, error) {
	r := Request{Limit: min(q.Limit, idp.MaxPage), sort: sort, Back: q.Before != ""}
	if q.Limit <= 0 {
		r.Limit = defaultLimit
	}
	text := q.After
	if r.Back {
		text = q.Before
	}
	if text == "" {
		return r, nil
	}
	c, ok := parse(text)
	if !ok || c.Sort != sort || r.Back && q.After != "" {
		return Request{}, r.Broken()
	}
	r.From, r.position = &c.Mark, c.Position
	return r, nil
}

// Broken is the error for a cursor that does not fit its list.
func (r Request) Broken() error {
	field := "after"
	if r.Back {
		field = "before"
	}
	return &idp.InvalidError{Faults: []idp.Fault{idp.NewFault(field, "is not a cursor of this list")}}
}

// Build puts the page together from up to Limit+1 items, in the order in which
// they were read, and where each stands. Reading that broke off before the page
// was full says how far it reached; otherwise that is nil.
func Build[T any](r Request, items []T, marks []Mark, reached *Mark) idp.Page[T] {
	follow := reached != nil
	if len(items) > r.Limit {
		items, marks = items[:r.Limit], marks[:r.Limit]
		follow, reached = true, nil
	}
	prev, next := r.From != nil, follow
	if r.Back {
		slices.Reverse(items)
		slices.Reverse(marks)
		prev, next = follow, true
	}
	page := idp.Page[T]{Items: items}
	if page.Items == nil {
		page.Items = []T{}
	}
	page.First = r.first(len(items), follow)
	first, last := reached, reached // the edges, where there are no items
	if len(items) > 0 {
		first, last = &marks[0], &marks[len(marks)-1]
	}
	if r.Back && reached != nil {
		first = reached
	} else if reached != nil {
		last = reached
	}
	if prev && first != nil {
		page.Prev = cursor{*first, r.sort, max(page.First, 1)}.String()
	}
	if next && last != nil {
		page.Next = cursor{*last, r.sort, max(page.First+len(items)-1, r.position, 1)}.String()
	}
	return page
}

// first is the position of the first of n items.
func (r Request) first(n int, follow bool) int {
	switch {
	case n == 0:
		return 0
	case !r.Back:
		return r.position + 1
	case !follow:
		return 1
	}
	// Others may have come or gone since the cursor was made.
	return max(r.position-n, 1)
}
