package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/sessions"

	"gatehouse/account"
	"gatehouse/idp"
)

// SignedIn is who uses the browser. Both members are nil when nobody is signed in.
type SignedIn struct {
	Session *idp.Session
	User    *idp.User
}

// Is reports whether somebody is signed in.
func (w SignedIn) Is() bool { return w.Session != nil }

// SessionID is the public sid, or "".
func (w SignedIn) SessionID() string {
	if w.Session == nil {
		return ""
	}
	return w.Session.ID
}

// newcomer is what a sign-in puts into the session, for Save to make a record of.
type newcomer struct {
	user      *idp.User
	remember  bool
	ip, agent string
}

// Keys of the values in a browser session. They live for one request: the
// cookie holds nothing but the random handle, the record lies in the store.
const (
	keyWho      = "who"      // SignedIn
	keyErr      = "err"      // error of the store
	keyNewcomer = "newcomer" // newcomer
)

// sessionStore lets gin-contrib/sessions keep its sessions in account.Sessions.
type sessionStore struct {
	sessions *account.Sessions
	cookies  Cookies
	now      func() time.Time
}

var _ ginsessions.Store = (*sessionStore)(nil)

// Options does nothing: Cookies are written one way only.
func (st *sessionStore) Options(ginsessions.Options) {}

// Get returns the request's session, loaded at most once.
func (st *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New loads the session of the request's cookie. The library only logs an
// error of its store and goes on as if nobody were signed in, so the error is
// kept in the values, where who finds it.
func (st *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	ses := sessions.NewSession(st, name)
	ses.IsNew = true
	handle := st.cookies.Get(r, cookieSession)
	if handle == "" {
		return ses, nil
	}
	record, user, err := st.sessions.Load(r.Context(), handle)
	switch {
	case errors.Is(err, idp.ErrNotFound):
	case err != nil:
		ses.Values[keyErr] = err
	default:
		ses.IsNew = false
		ses.Values[keyWho] = SignedIn{record, user}
	}
	return ses, nil
}

// Save makes what the values say true: a newcomer gets a new record and a new
// handle, and a session without anybody ends.
func (st *sessionStore) Save(r *http.Request, w http.ResponseWriter, ses *sessions.Session) error {
	who, _ := ses.Values[keyWho].(SignedIn)
	n, begins := ses.Values[keyNewcomer].(newcomer)
	if begins {
		return st.begin(r, w, ses, n)
	}
	if who.Is() {
		return nil // loading it has moved its idle end
	}
	st.cookies.clear(w, cookieSession)
	return nil
}

func (st *sessionStore) begin(r *http.Request, w http.ResponseWriter, ses *sessions.Session, n newcomer) error {
	who, _ := ses.Values[keyWho].(SignedIn)
	handle, record, err := st.sessions.Begin(r.Context(), n.user, account.BeginOptions{
		IP: n.ip, UserAgent: n.agent, Remember: n.remember, Current: who.Session,
	})
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	delete(ses.Values, keyNewcomer)
	ses.Values[keyWho] = SignedIn{record, n.user}
	var life time.Duration
	if n.remember {
		life = record.ExpiresAt.Sub(st.now())
	}
	st.cookies.Set(w, cookieSession, handle, life)
	return nil
}

// Who returns who is signed in with this browser. A store that fails is an
// error, never "nobody".
func (s *Site) Who(c *gin.Context) (SignedIn, error) {
	ses := ginsessions.Default(c)
	if err, failed := ses.Get(keyErr).(error); failed {
		return SignedIn{}, fmt.Errorf("load session: %w", err)
	}
	who, _ := ses.Get(keyWho).(SignedIn)
	if who.Is() {
		RecordOf(c).User = who.User.ID
	}
	return who, nil
}

// SignInAs begins a session for the user, with a new handle. When somebody else
// was signed in here, their session ends, and what hangs on it.
func (s *Site) SignInAs(c *gin.Context, u *idp.User, remember bool) (SignedIn, error) {
	before, err := s.Who(c)
	if err != nil {
		return SignedIn{}, err
	}
	if before.Is() && before.User.ID != u.ID {
		if err := s.Provider.EndSession(c.Request.Context(), before.Session.ID); err != nil {
			return SignedIn{}, fmt.Errorf("end grants of the session before: %w", err)
		}
	}
	ses := ginsessions.Default(c)
	ses.Set(keyNewcomer, newcomer{
		user: u, remember: remember, ip: RecordOf(c).IP, agent: c.Request.UserAgent(),
	})
	if err := ses.Save(); err != nil {
		return SignedIn{}, err
	}
	if before.Is() && before.User.ID != u.ID { // as in signOut
		if err := s.Provider.EndSession(c.Request.Context(), before.Session.ID); err != nil {
			return SignedIn{}, fmt.Errorf("end late grants of the session before: %w", err)
		}
	}
	return s.Who(c)
}

// SignOut ends the session and what hangs on it. The grants go first: were
// the session gone when they could not be ended, nobody could try again. They
// go once more at the end, for what was issued in between; after that
// Provider.Issue sees that the session is gone.
func (s *Site) SignOut(c *gin.Context, who SignedIn) error {
	ctx := s.ActAs(c, who)
	if err := s.Provider.EndSession(ctx, who.Session.ID); err != nil {
		return fmt.Errorf("end grants of session: %w", err)
	}
	if err := s.Sessions.End(ctx, who.Session); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	ses := ginsessions.Default(c)
	ses.Clear()
	if err := ses.Save(); err != nil {
		return err
	}
	if err := s.Provider.EndSession(ctx, who.Session.ID); err != nil {
		return fmt.Errorf("end late grants of session: %w", err)
	}
	return nil
}
