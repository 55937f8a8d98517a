package idp

// ListQuery is what the lists of every aggregate take. Lists page by keyset:
// page 1,000 costs what page 1 does.
type ListQuery struct {
	Text string // part of a name, an address, an ID, in any case; "" matches all
	// Sort is a member of the record, with "-" in front for descending; ""
	// is the aggregate's own order. An unknown one is an *InvalidError on "sort".
	Sort string
	// After and Before are cursors that a Page gave; at most one is set. A
	// broken one is an *InvalidError on "after" or "before".
	After, Before string
	Limit         int // records wanted, 1 to MaxPage; 0 means 50
}

// MaxPage is the largest page a list gives.
const MaxPage = 500

// MaxCount is where lists stop counting: a larger Total would cost a walk over everything.
const MaxCount = 10_000

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// Next and Prev are the cursors of the neighbours, "" where there is none.
	Next, Prev string
	// First is the position of the first item in the whole list, from 1; 0 when
	// empty or not known.
	First int
	// Total is how many match. More says that there are more than Total, which is then MaxCount;
	// a negative Total says that the backend does not count.
	Total int
	More  bool
}

// UserQuery asks for people. Sort: "username" (the default), "email", "name",
// "created_at", "last_login_at" (those who never did count as earliest).
type UserQuery struct {
	ListQuery
	Status UserStatus // "" is any
	Role   string     // name; "" is any
	// Locked finds those with at least LockedFailures failed sign-ins since the last success.
	Locked bool
}

// ClientQuery asks for clients. Sort: "client_id", "client_name" (the default), "created_at", "last_used_at".
type ClientQuery struct {
	ListQuery
	Kind     ClientKind // "" is any
	Disabled *bool      // nil is any
}

// SessionQuery asks for browser sessions, the one that ends last first; Sort and Text are not used.
type SessionQuery struct{ ListQuery }

// GrantQuery asks for live grants that a person or a browser session stands
// behind, the one that ends last first; Sort and Text are not used. A page may
// hold fewer items than the limit and still have a Next.
type GrantQuery struct {
	ListQuery
	UserID, ClientID string // "" is any
}

// AuditQuery asks for audit events, the latest first; Sort is not used. Text is
// part of the actor's or the target's name or ID.
type AuditQuery struct {
	ListQuery
	ActorID  string
	TargetID string
	// PersonID finds what the person did and what was done to the person.
	PersonID string
	// Action is one action, or a prefix that ends in "." ("user.").
	Action   string
	Result   AuditResult
	ClientID string
	From, To int64 // Unix seconds, from inclusive, to exclusive; 0 is open
}
