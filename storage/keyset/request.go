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
// they were read, and where each stands.
func Build[T any](r Request, items []T, marks []Mark) idp.Page[T] {
	follow := len(items) > r.Limit
	if follow {
		items, marks = items[:r.Limit], marks[:r.Limit]
	}
	if len(items) == 0 {
		return idp.Page[T]{Items: []T{}}
	}
	page := idp.Page[T]{Items: items, First: r.position + 1}
	prev, next := r.From != nil, follow
	if r.Back {
		slices.Reverse(items)
		slices.Reverse(marks)
		// Others may have gone since the cursor was made, so it may count too many, or too few.
		page.First = max(r.position-len(items), 1)
		if !follow {
			page.First = 1
		}
		prev, next = follow, true
	}
	last := len(items) - 1
	if prev {
		page.Prev = cursor{marks[0], r.sort, page.First}.String()
	}
	if next {
		page.Next = cursor{marks[last], r.sort, page.First + last}.String()
	}
	return page
}
