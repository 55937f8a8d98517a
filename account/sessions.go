package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"

	"gatehouse/idp"
)

const (
	handleBytes  = 32
	sidBytes     = 18
	touchEvery   = time.Minute
	maxUserAgent = 300 // runes
)

// SessionsOptions is what Sessions needs.
type SessionsOptions struct {
	Store    idp.SessionStore
	Users    idp.UserStore
	Settings func() idp.Settings // nil means idp.DefaultSettings
	Audit    idp.Recorder        // is told of sessions that end; nil for none
	Now      func() time.Time
}

// Sessions keeps people signed in with their browsers.
type Sessions struct{ o SessionsOptions }

// NewSessions fills in the defaults.
func NewSessions(o SessionsOptions) *Sessions {
	if o.Settings == nil {
		o.Settings = idp.DefaultSettings
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Sessions{o: o}
}

// BeginOptions are the circumstances of a sign-in.
type BeginOptions struct {
	IP        string
	UserAgent string
	Remember  bool         // keep the cookie when the browser closes; no other effect
	Current   *idp.Session // the browser's present session, or nil
}

// Begin starts a session for a user whom SignIn has just returned, and returns
// the handle for the cookie. The browser's present session ends with it. The
// same user signing in again keeps the public ID, so tokens stay tied to the
// sign-in; another user gets a new one, and the caller ends the grants of the
// old. If the account was disabled, or its password changed, since SignIn read
// it, the error is ErrBadCredentials.
func (s *Sessions) Begin(ctx context.Context, u *idp.User, o BeginOptions) (handle string, _ *idp.Session, err error) {
	now := s.now()
	handle = randomText(handleBytes)
	session := &idp.Session{
		Digest: digest(handle), ID: randomText(sidBytes), UserID: u.ID,
		AuthTime: now, AMR: []string{idp.AMRPassword}, ACR: idp.ACRPassword,
		Remember: o.Remember, UserAgent: printable(o.UserAgent, maxUserAgent), IP: address(o.IP),
		CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(s.o.Settings().SessionMaxTTL),
	}
	session.IdleExpiresAt = s.idleEnd(session, now)
	replaces := ""
	if o.Current != nil {
		replaces = o.Current.Digest
		if o.Current.UserID == u.ID {
			session.ID = o.Current.ID
		}
	}
	if err := s.o.Store.CreateSession(ctx, session, replaces); err != nil {
		return "", nil, err
	}
	// A disabling or a change of password ends the sessions that there are. One
	// that came between SignIn and here has missed this session, so look again.
	// By login, because that is never answered from a cache.
	if err := s.confirm(ctx, u); err != nil {
		ended := s.o.Store.DeleteSession(context.WithoutCancel(ctx), session.Digest)
		return "", nil, errors.Join(err, ended)
	}
	return handle, session, nil
}

func (s *Sessions) confirm(ctx context.Context, u *idp.User) error {
	again, err := s.o.Users.UserByLogin(ctx, u.Username)
	switch {
	case errors.Is(err, idp.ErrNotFound):
		return ErrBadCredentials
	case err != nil:
		return err
	case !again.StillIs(u, s.now()):
		return ErrBadCredentials
	}
	return nil
}

var handleForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// Load returns the session of the cookie's handle and its user. idp.ErrNotFound
// when there is none, when it has expired, or when the user may no longer sign
// in. It notes the use once a minute at most.
func (s *Sessions) Load(ctx context.Context, handle string) (*idp.Session, *idp.User, error) {
	if !handleForm.MatchString(handle) {
		return nil, nil, idp.ErrNotFound
	}
	session, err := s.o.Store.Session(ctx, digest(handle))
	if err != nil {
		return nil, nil, err
	}
	now := s.now()
	if !now.Before(session.ExpiresAt) || !now.Before(session.IdleExpiresAt) {
		return nil, nil, idp.ErrNotFound
	}
	u, err := s.o.Users.User(ctx, session.UserID)
	if err != nil {
		return nil, nil, err
	}
	if !u.MayAuthenticate(now) {
		return nil, nil, idp.ErrNotFound
	}
	if now.Sub(session.LastSeenAt) >= touchEvery {
		idle := s.idleEnd(session, now)
		if err := s.o.Store.TouchSession(ctx, session.Digest, now, idle); err != nil {
			return nil, nil, err
		}
		session.LastSeenAt, session.IdleExpiresAt = now, idle
	}
	return session, u, nil
}

// End signs the browser out. Nil is no session.
func (s *Sessions) End(ctx context.Context, session *idp.Session) error {
	if session == nil {
		return nil
	}
	if err := s.o.Store.DeleteSession(ctx, session.Digest); err != nil {
		return err
	}
	s.recordEnd(ctx, session)
	return nil
}

// recordEnd tells the audit log. Who holds the handle is the user, also where
// nothing else says who acts.
func (s *Sessions) recordEnd(ctx context.Context, session *idp.Session) {
	if s.o.Audit == nil {
		return
	}
	target := idp.Target{Kind: "user", ID: session.UserID}
	if u, err := s.o.Users.User(ctx, session.UserID); err == nil {
		target.Name = u.Username
	}
	e := idp.NewEvent(ctx, s.now(), idp.ActionSessionEnd, target, idp.AuditOK)
	if e.ActorKind == idp.ActorSystem {
		e.ActorKind, e.ActorID, e.ActorName = idp.ActorUser, target.ID, target.Name
	}
	e.Changes = []idp.Change{{Field: "session", Before: session.ID}}
	s.o.Audit.Record(e)
}

// now is cut to what every store keeps.
func (s *Sessions) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

func (s *Sessions) idleEnd(session *idp.Session, now time.Time) time.Time {
	if idle := now.Add(s.o.Settings().SessionTTL); idle.Before(session.ExpiresAt) {
		return idle
	}
	return session.ExpiresAt
}

func digest(handle string) string {
	sum := sha256.Sum256([]byte(handle))
	return hex.EncodeToString(sum[:])
}

func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// printable makes text from a stranger safe to store and to show.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 4*limit)], ""))
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}

// address is the canonical text of an IP address, or "".
func address(s string) string {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	return ip.Unmap().WithZone("").String()
}
