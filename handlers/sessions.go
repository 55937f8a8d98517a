package handlers

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

// signedIn is who uses the browser. Both members are nil when nobody is signed in.
type signedIn struct {
	session *idp.Session
	user    *idp.User
}

func (w signedIn) is() bool { return w.session != nil }

// sessionID is the public sid, or "".
func (w signedIn) sessionID() string {
	if w.session == nil {
		return ""
	}
	return w.session.ID
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
	keyWho      = "who"      // signedIn
	keyErr      = "err"      // error of the store
	keyNewcomer = "newcomer" // newcomer
)

// sessionStore lets gin-contrib/sessions keep its sessions in account.Sessions.
type sessionStore struct {
	sessions *account.Sessions
	cookies  cookies
	now      func() time.Time
}

var _ ginsessions.Store = (*sessionStore)(nil)

// Options does nothing: cookies are written one way only.
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
	handle := st.cookies.get(r, cookieSession)
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
		ses.Values[keyWho] = signedIn{record, user}
	}
	return ses, nil
}

// Save makes what the values say true: a newcomer gets a new record and a new
// handle, and a session without anybody ends.
func (st *sessionStore) Save(r *http.Request, w http.ResponseWriter, ses *sessions.Session) error {
	who, _ := ses.Values[keyWho].(signedIn)
	n, begins := ses.Values[keyNewcomer].(newcomer)
	if begins {
		return st.begin(r, w, ses, n)
	}
	if who.is() {
		return nil // loading it has moved its idle end
	}
	st.cookies.clear(w, cookieSession)
	return nil
}

func (st *sessionStore) begin(r *http.Request, w http.ResponseWriter, ses *sessions.Session, n newcomer) error {
	who, _ := ses.Values[keyWho].(signedIn)
	handle, record, err := st.sessions.Begin(r.Context(), n.user, account.BeginOptions{
		IP: n.ip, UserAgent: n.agent, Remember: n.remember, Current: who.session,
	})
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	delete(ses.Values, keyNewcomer)
	ses.Values[keyWho] = signedIn{record, n.user}
	var life time.Duration
	if n.remember {
		life = record.ExpiresAt.Sub(st.now())
	}
	st.cookies.set(w, cookieSession, handle, life)
	return nil
}

// who returns who is signed in with this browser. A store that fails is an
// error, never "nobody".
func (s *site) who(c *gin.Context) (signedIn, error) {
	ses := ginsessions.Default(c)
	if err, failed := ses.Get(keyErr).(error); failed {
		return signedIn{}, fmt.Errorf("load session: %w", err)
	}
	who, _ := ses.Get(keyWho).(signedIn)
	if who.is() {
		recordOf(c).user = who.user.ID
	}
	return who, nil
}

// signIn begins a session for the user, with a new handle. When somebody else
// was signed in here, their session ends, and what hangs on it.
func (s *site) signIn(c *gin.Context, u *idp.User, remember bool) (signedIn, error) {
	before, err := s.who(c)
	if err != nil {
		return signedIn{}, err
	}
	if before.is() && before.user.ID != u.ID {
		if err := s.Provider.EndSession(c.Request.Context(), before.session.ID); err != nil {
			return signedIn{}, fmt.Errorf("end grants of the session before: %w", err)
		}
	}
	ses := ginsessions.Default(c)
	ses.Set(keyNewcomer, newcomer{
		user: u, remember: remember, ip: recordOf(c).origin.ip, agent: c.Request.UserAgent(),
	})
	if err := ses.Save(); err != nil {
		return signedIn{}, err
	}
	if before.is() && before.user.ID != u.ID { // as in signOut
		if err := s.Provider.EndSession(c.Request.Context(), before.session.ID); err != nil {
			return signedIn{}, fmt.Errorf("end late grants of the session before: %w", err)
		}
	}
	return s.who(c)
}

// signOut ends the session and what hangs on it. The grants go first: were
// the session gone when they could not be ended, nobody could try again. They
// go once more at the end, for what was issued in between; after that
// Provider.Issue sees that the session is gone.
func (s *site) signOut(c *gin.Context, who signedIn) error {
	ctx := c.Request.Context()
	if err := s.Provider.EndSession(ctx, who.session.ID); err != nil {
		return fmt.Errorf("end grants of session: %w", err)
	}
	if err := s.Sessions.End(ctx, who.session); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	ses := ginsessions.Default(c)
	ses.Clear()
	if err := ses.Save(); err != nil {
		return err
	}
	if err := s.Provider.EndSession(ctx, who.session.ID); err != nil {
		return fmt.Errorf("end late grants of session: %w", err)
	}
	return nil
}
