package demo

import (
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/oauth2"

	"gatehouse/pages"
)

const (
	maxVisitors = 1000
	maxPending  = 8 // sign-ins that one browser may have open, one for each tab
	visitorTTL  = time.Hour
)

// visitor is one browser.
type visitor struct {
	csrf    string
	expires time.Time

	mu      sync.Mutex // guards all below; held while a button works
	id      string     // value of the cookie
	pending []pending  // oldest first
	token   *oauth2.Token
	idToken string
	name    string
	claims  json.RawMessage // of the ID token
	result  *pages.DemoSection
	message string
}

// pending is a sign-in that has begun.
type pending struct{ state, nonce, verifier string }

func (v *visitor) say(message string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.message = message
}

// take removes and returns the sign-in with the state: an answer counts once.
func (v *visitor) take(state string) (pending, bool) {
	for i, p := range v.pending {
		if p.state == state {
			v.pending = append(v.pending[:i:i], v.pending[i+1:]...)
			return p, true
		}
	}
	return pending{}, false
}

// page describes the visitor. Call it with the lock held.
func (v *visitor) page() pages.DemoPage {
	p := pages.DemoPage{SignedIn: v.token != nil, Name: v.name, Message: v.message, CSRF: v.csrf}
	if v.token == nil {
		return p
	}
	if v.result != nil {
		p.Sections = append(p.Sections, *v.result)
	}
	p.Sections = append(
		p.Sections,
		pages.DemoSection{Title: "ID token claims", Text: indented(v.claims)},
		pages.DemoSection{Title: "Access token claims", Text: indented(payload(v.token.AccessToken))},
		pages.DemoSection{Title: "Access token", Text: v.token.AccessToken},
		pages.DemoSection{Title: "ID token", Text: v.idToken},
	)
	if v.token.RefreshToken != "" {
		p.Sections = append(p.Sections, pages.DemoSection{Title: "Refresh token", Text: v.token.RefreshToken})
	}
	return p
}

// visitors keeps the latest browsers, each for an hour.
type visitors struct {
	now  func() time.Time
	byID *lru.Cache[string, *visitor]
}

func newVisitors(now func() time.Time) *visitors {
	byID, err := lru.New[string, *visitor](maxVisitors)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &visitors{now: now, byID: byID}
}

func (vs *visitors) add() *visitor {
	v := &visitor{id: rand.Text(), csrf: rand.Text(), expires: vs.now().Add(visitorTTL)}
	vs.byID.Add(v.id, v)
	return v
}

// get returns the live visitor, or nil.
func (vs *visitors) get(id string) *visitor {
	v, ok := vs.byID.Get(id)
	if !ok {
		return nil
	}
	if !vs.now().Before(v.expires) {
		vs.byID.Remove(id)
		return nil
	}
	return v
}

// rename gives the visitor a new handle and returns it.
func (vs *visitors) rename(v *visitor) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	vs.byID.Remove(v.id)
	v.id = rand.Text()
	vs.byID.Add(v.id, v)
	return v.id
}

func (vs *visitors) remove(v *visitor) {
	v.mu.Lock()
	defer v.mu.Unlock()
	vs.byID.Remove(v.id)
}
