package account

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/idp"
)

// SignInOptions is what SignIn needs; all but Limits, Audit, Counter, Now and Log must be set.
type SignInOptions struct {
	Users     idp.UserStore
	Throttles idp.ThrottleStore
	Passwords *Passwords
	Browsers  *KnownBrowsers
	Limits    Limits
	Audit     idp.Recorder // is told of refusals that no account's record can tell of; nil for none
	Counter   idp.Counter  // counts sign-ins and failures; nil for none
	Now       func() time.Time
	Log       *slog.Logger
}

// SignIn checks passwords. See the package's documentation for its rules.
type SignIn struct {
	o     SignInOptions
	lanes lanes
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
	RequestID    string // for the audit log
}

// WithPassword returns the user whose password it is. Errors:
// ErrBadCredentials, of which *ThrottledError and the *idp.InvalidError for an
// over-long password are kinds; idp.ErrUnavailable when a store failed or too
// many wait; the error of ctx when it ended meanwhile.
func (s *SignIn) WithPassword(ctx context.Context, a Attempt) (*idp.User, error) {
	u, err := s.Confirm(ctx, a)
	if err == nil {
		s.noteSuccess(ctx, a, u)
	}
	return u, err
}

// Confirm is WithPassword for somebody who is signed in and shows once more who
// they are: nothing begins, so nobody is told of a sign-in. A refusal is one all the same.
func (s *SignIn) Confirm(ctx context.Context, a Attempt) (*idp.User, error) {
	if err := checkLength(a.Password); err != nil {
		s.noteRefusal(ctx, a, nil, err)
		return nil, err
	}
	login := idp.NormalizeLogin(a.Login)
	u, err := s.lookUp(ctx, login)
	if err != nil {
		return nil, err
	}
	t, known := s.ownTries(a, u)
	if !known {
		t = s.strangerTries(a.IP, login)
	}
	again, err := s.try(ctx, a, login, u, t)
	if known && isThrottled(err) {
		// Without the cookie this would be a stranger's try, so that is what is
		// left; and Unlock, which clears those, lets the owner in here too.
		again, err = s.try(ctx, a, login, u, s.strangerTries(a.IP, login))
	}
	if err != nil {
		s.noteRefusal(ctx, a, u, err)
		return nil, err
	}
	return again, nil
}

// try is one try against one set of counters.
func (s *SignIn) try(ctx context.Context, a Attempt, login string, u *idp.User, t tries) (*idp.User, error) {
	leave, err := s.lanes.enter(ctx, t.all()...)
	if err != nil {
		return nil, err
	}
	defer leave()
	// Reserved before the password is looked at: of any number of requests at
	// once no more than the limit get to guess.
	if err := s.reserve(ctx, t.network...); err != nil {
		return nil, err // without a hash, which would let a network take the processor
	}
	right, err := s.guess(ctx, t, u, a.Password)
	if err != nil {
		return nil, err
	}
	if u == nil || !right || !u.MayAuthenticate(s.now()) {
		return nil, ErrBadCredentials
	}
	return s.succeed(ctx, login, a.Password, u, t)
}

// guess reserves a try of the account and spends exactly one hash of
// comparison, also when the account is throttled or does not exist. A known
// browser without a try left goes on as a stranger, so it spends none here.
func (s *SignIn) guess(ctx context.Context, t tries, u *idp.User, password string) (right bool, err error) {
	p := s.o.Passwords
	if err := s.reserve(ctx, t.account); err != nil {
		if !isThrottled(err) || t.known {
			return false, err
		}
		return false, cmp.Or(p.VerifyNone(ctx, password), err)
	}
	hash := ""
	if u != nil {
		hash = u.PasswordHash
	}
	right, err = p.Verify(ctx, hash, password)
	switch {
	case errors.Is(err, errHashForm):
		s.o.Log.WarnContext(ctx, "nobody can sign in to this account until its password is set", "user", u.ID, "error", err)
		return false, nil
	case errors.Is(err, ErrBusy):
		s.takeBack(ctx, t) // nothing was compared, and the fault is ours
	}
	return right, err
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

// succeed reads the user again, since the wait for the hash may have been
// long, and settles what a success changes.
func (s *SignIn) succeed(ctx context.Context, login, password string, u *idp.User, t tries) (*idp.User, error) {
	again, err := s.lookUp(ctx, login)
	if err != nil {
		return nil, err
	}
	if again == nil || !again.StillIs(u, s.now()) {
		return nil, ErrBadCredentials
	}
	// From here on the answer is yes. What fails now is logged, and makes the
	// next try harder or the hash renewed later, never the answer wrong.
	s.takeBack(ctx, t)
	if s.o.Passwords.NeedsRehash(u.PasswordHash) {
		s.renew(ctx, u, password)
	}
	return again, nil
}

// takeBack frees the tries that this sign-in reserved, and no others.
func (s *SignIn) takeBack(ctx context.Context, t tries) {
	if err := s.o.Throttles.Forgive(ctx, t.keys()...); err != nil {
		s.o.Log.WarnContext(ctx, "a try could not be taken back", "error", err)
	}
}

// renew replaces a hash of older or foreign costs by one of ours, unless the
// password was changed meanwhile.
func (s *SignIn) renew(ctx context.Context, u *idp.User, password string) {
	hash, err := s.o.Passwords.Hash(ctx, password)
	if err == nil {
		err = s.o.Users.RehashPassword(ctx, u.ID, u.PasswordHash, hash)
	}
	if err != nil {
		s.o.Log.WarnContext(ctx, "a password hash could not be renewed", "user", u.ID, "error", err)
	}
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
