package web

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

// flashLife is how long what was done waits to be told.
const flashLife = 2 * time.Minute

// purposeShell is the purpose of the one CSRF token that all forms of a
// guarded page carry.
const purposeShell = "shell"

// told is a toast on its way to the next page of who did what it tells of.
type told struct {
	pages.Toast
	Owner string // "" for whoever comes, as after a registration
}

// Done leads on after a change, and tells of it once at the top of the next page.
func (s *Site) Done(c *gin.Context, to string, t pages.Toast) error {
	note := told{Toast: t}
	if who := Person(c); who.Is() {
		note.Owner = who.User.ID
	}
	text, err := json.Marshal(note)
	if err != nil {
		return err
	}
	id := rand.Text()
	if err := s.Notes.PutNote(c.Request.Context(), "flash:"+id, text, flashLife); err != nil {
		return err
	}
	s.Cookies.Set(c.Writer, cookieFlash, id, flashLife)
	SeeOther(c, to)
	return nil
}

// flash returns what is to be told, nil for nothing.
func (s *Site) flash(c *gin.Context) (*pages.Toast, error) {
	id := s.Cookies.Get(c.Request, cookieFlash)
	if id == "" || len(id) > 64 {
		return nil, nil //nolint:nilnil // most pages have nothing to tell
	}
	s.Cookies.clear(c.Writer, cookieFlash)
	text, err := s.Notes.TakeNote(c.Request.Context(), "flash:"+id)
	if errors.Is(err, idp.ErrNotFound) {
		return nil, nil //nolint:nilnil // told, or too long ago
	}
	if err != nil {
		return nil, err
	}
	var note told
	if err := json.Unmarshal(text, &note); err != nil {
		return nil, fmt.Errorf("read what is to be told: %w", err)
	}
	if note.Owner != "" && note.Owner != Person(c).User.ID {
		return nil, nil //nolint:nilnil // somebody else signed in meanwhile
	}
	return &note.Toast, nil
}

// KeepOnce keeps a secret for the page at to, where TakeOnce gets it, once,
// and returns the address with its name. It lies sealed.
func (s *Site) KeepOnce(c *gin.Context, to string, secret []byte) (string, error) {
	id := rand.Text()
	sealed := s.sealer.seal(secret, Person(c).SessionID())
	if err := s.Notes.PutNote(c.Request.Context(), "once:"+id, sealed, draftLife); err != nil {
		return "", err
	}
	return to + "?once=" + id, nil
}

// TakeOnce returns the secret that the page's address names, nil when there is
// none or it was shown.
func (s *Site) TakeOnce(c *gin.Context) ([]byte, error) {
	id := c.Query("once")
	if id == "" || len(id) > 64 {
		return nil, nil
	}
	sealed, err := s.Notes.TakeNote(c.Request.Context(), "once:"+id)
	if errors.Is(err, idp.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	secret, err := s.sealer.open(sealed, Person(c).SessionID())
	if errors.Is(err, errSealed) {
		return nil, nil // another session's
	}
	return secret, err
}

// shell is what surrounds the page of a guarded group, nil elsewhere.
func (s *Site) shell(c *gin.Context) (*pages.Shell, error) {
	who := Person(c)
	if !who.Is() {
		return nil, nil //nolint:nilnil // a public page
	}
	area, _ := c.Get(keyArea)
	b := s.EnsureBrowser(c)
	sh := &pages.Shell{
		Path: c.Request.URL.Path, Name: who.User.DisplayName(), Username: who.User.Username, May: who.User.Permissions,
		CSRF:        s.FormToken(c),
		SignOutCSRF: s.CSRFToken(b, RouteLogout, who.Session.ID),
		Zone:        who.User.Zoneinfo, Back: backAddress(c), SessionEnds: who.Session.IdleExpiresAt,
	}
	sh.Area, _ = area.(pages.Area)
	var err error
	if sh.Toast, err = s.flash(c); err == nil && sh.Toast == nil {
		sh.Toast, err = s.unshown(c)
	}
	return sh, err
}

// backAddress is the page's own address without what is shown once.
func backAddress(c *gin.Context) string {
	u := *c.Request.URL
	q := u.Query()
	q.Del("draft")
	q.Del("once")
	u.RawQuery = q.Encode()
	return NextPath(u.RequestURI())
}
