// Package keyset is what the lists of all stores share: how far a page goes,
// and the cursors that say where the next one begins.
//
// It owns the form of cursors and putting a page together. What a list sorts
// by and how it is read is the store's.
//
//	Read(query, sort) → Request ─ the store reads Limit+1 items from Request.From on ─ Build(request, …) → idp.Page
//
// A cursor names the item at the edge of a page by what it is sorted by and its
// ID, so the list goes on at the right place though items come and go,
// the one at the edge included. It carries its position too, so that a page
// can say "51 to 100" without counting what is before. Cursors are opaque but not
// secret: whoever makes one up reads the same list from another place.
package keyset
