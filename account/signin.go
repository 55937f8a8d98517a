package account

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/idp"
)

// SignInOptions is what SignIn needs; all but Limits, Now and Log must be set.
type SignInOptions struct {
	Users     idp.UserStore
	Throttles idp.ThrottleStore
	Passwords *Passwords
	Browsers  *KnownBrowsers
	Limits    Limits
	Now       func() time.Time
	Log       *slog.Logger
}

// SignIn checks passwords. See the package's documentation for its rules.
type SignIn struct {
	o     SignInOptions
	facts *recorder
}

// NewSignIn starts a goroutine that notes facts; Close ends it.
func NewSignIn(o SignInOptions) *SignIn {
	o.Limits = o.Limits.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &SignIn{o: o, facts: newRecorder(o.Users, o.Log)}
}

// Close notes what is still to be noted, until ctx ends.
func (s *SignIn) Close(ctx context.Context) error { return s.facts.close(ctx) }

// Attempt is one try at signing in, as it came from a stranger.
type Attempt struct {
	Login        string // username or email address
	Password     string
	IP           string // of the person, without port
	KnownBrowser string // the value of the known-browser cookie, or ""
}

// WithPassword returns the user whose password it is. Errors:
// ErrBadCredentials, of which *ThrottledError and the *idp.InvalidError for an
// over-long password are kinds; idp.ErrUnavailable when a store failed or too
// many wait; the error of ctx when it ended meanwhile.
func (s *SignIn) WithPassword(ctx context.Context, a Attempt) (*idp.User, error) {
	if err := checkLength(a.Password); err != nil {
		return nil, err
	}
	login := idp.NormalizeLogin(a.Login)
	u, err := s.lookUp(ctx, login)
	if err != nil {
		return nil, err
	}
	// Reserved before the password is looked at: of any number of requests at
	// once no more than the limit get to guess.
	t := s.triesOf(a, login, u)
	if err := s.reserve(ctx, t.network...); err != nil {
		return nil, err // without a hash, which would let a network take the processor
	}
	match, err := s.guess(ctx, t.account, u, a.Password)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, ErrBadCredentials
	}
	if !match.ok || !u.MayAuthenticate(s.now()) {
		s.facts.failure(u.ID, s.now())
		return nil, ErrBadCredentials
	}
	return s.succeed(ctx, login, u, t, match)
}

// match is the outcome of a comparison.
type match struct {
	ok     bool
	renew  string // a hash to replace the old one with, or ""
	inHash string // the hash that was compared with
}

// guess waits for a place to hash, reserves a try and spends exactly one hash
// of comparison, also when the account is throttled or does not exist. The try
// is reserved inside the gate, so no more of them are held by sign-ins under
// way than there are places: many right passwords at once do not throttle each other.
func (s *SignIn) guess(ctx context.Context, try idp.Attempt, u *idp.User, password string) (m match, err error) {
	if u != nil {
		m.inHash = u.PasswordHash
	}
	p := s.o.Passwords
	leave, err := p.gate.enter(ctx, p.places(m.inHash))
	if err != nil {
		return m, err
	}
	defer leave()
	if err := s.reserve(ctx, try); err != nil {
		if errors.Is(err, ErrBadCredentials) {
			_, _ = p.compare("", password) // for its time; the dummy is always of a known form
		}
		return m, err
	}
	m.ok, err = p.compare(m.inHash, password)
	if err != nil {
		s.o.Log.WarnContext(ctx, "nobody can sign in to this account until its password is set", "user", u.ID, "error", err)
		return m, nil
	}
	if m.ok && u.MayAuthenticate(s.now()) && p.NeedsRehash(m.inHash) {
		if normal, ok := normalize(password); ok {
			m.renew = derive(p.params, normal).String()
		}
	}
	return m, nil
}

// reserve counts a try and answers *ThrottledError when none was left.
func (s *SignIn) reserve(ctx context.Context, attempts ...idp.Attempt) error {
	if len(attempts) == 0 {
		return nil
	}
	wait, err := s.o.Throttles.Try(ctx, attempts...)
	switch {
	case err != nil:
		return err
	case wait > 0:
		return &ThrottledError{Wait: wait}
	}
	return nil
}

// succeed reads the user again, since the wait for the gate may have been
// long, and settles what a success changes.
func (s *SignIn) succeed(ctx context.Context, login string, u *idp.User, t tries, m match) (*idp.User, error) {
	again, err := s.lookUp(ctx, login)
	if err != nil {
		return nil, err
	}
	if again == nil || !isUnchanged(u, again, s.now()) {
		return nil, ErrBadCredentials
	}
	// From here on the answer is yes. What fails now is noted, and makes the
	// next try harder or the hash renewed later, never the answer wrong.
	if err := s.o.Throttles.Forgive(ctx, t.keys()...); err != nil {
		s.o.Log.WarnContext(ctx, "a try could not be taken back", "user", u.ID, "error", err)
	}
	if m.renew != "" {
		if err := s.o.Users.RehashPassword(ctx, u.ID, m.inHash, m.renew); err != nil {
			s.o.Log.WarnContext(ctx, "a password hash could not be renewed", "user", u.ID, "error", err)
		}
	}
	s.facts.success(ctx, u.ID, s.now())
	return again, nil
}

// lookUp returns the user of a login, or nil when there is none.
func (s *SignIn) lookUp(ctx context.Context, login string) (*idp.User, error) {
	if !canBeLogin(login) {
		return nil, nil //nolint:nilnil // nobody is an answer here, and goes the same way as somebody
	}
	u, err := s.o.Users.UserByLogin(ctx, login)
	if errors.Is(err, idp.ErrNotFound) {
		return nil, nil //nolint:nilnil // as above
	}
	return u, err
}

// canBeLogin keeps from the stores what some of them cannot take (NUL, broken
// UTF-8, megabytes) and no user has.
func canBeLogin(login string) bool {
	return login != "" && len(login) <= 4*idp.MaxEmail && utf8.ValidString(login) && !strings.ContainsRune(login, 0)
}

func (s *SignIn) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }
