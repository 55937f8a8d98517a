package web_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func isAdmin(p idp.Permissions) bool { return p.Admin }

// state is what the page of the form tells the test.
type state struct {
	CSRF, FormID string
	Values       url.Values
	Faults       []string
	Notice       pages.FormNotice
}

// formPage mounts a guarded page with a form that does do, and returns how often it was done.
func (s *site) formPage(do func(c *gin.Context, form url.Values) error) *atomic.Int64 {
	var done atomic.Int64
	g := s.guarded(isAdmin)
	g.GET("/thing", s.web.Page(func(c *gin.Context) error {
		f, err := s.web.FormState(c, "/thing", url.Values{"name": {"as stored"}})
		if err != nil {
			return err
		}
		st := state{
			CSRF: s.web.FormToken(c), FormID: f.ID, Values: f.Values, Notice: f.Notice,
		}
		for _, x := range f.Faults {
			st.Faults = append(st.Faults, x.Field)
		}
		c.JSON(http.StatusOK, st)
		return nil
	}))
	g.GET("/other", s.web.Page(func(c *gin.Context) error {
		f, err := s.web.FormState(c, "/other", nil)
		if err == nil {
			c.JSON(http.StatusOK, state{Values: f.Values})
		}
		return err
	}))
	g.POST("/thing", s.web.Page(func(c *gin.Context) error {
		form, err := s.web.Form(c)
		if err != nil {
			return err
		}
		if err := do(c, form); err != nil {
			return s.web.Refuse(c, form, err)
		}
		done.Add(1)
		web.SeeOther(c, "/done")
		return nil
	}))
	return &done
}

func (v *visitor) state(path string) state {
	v.s.t.Helper()
	a := v.get(path)
	var st state
	if err := json.Unmarshal([]byte(a.body), &st); err != nil {
		v.s.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	return st
}

func allowed(*gin.Context, url.Values) error { return nil }

func TestGuard(t *testing.T) {
	s := newSite(t)
	done := s.formPage(allowed)
	admin, plain := s.person("root", idp.PermissionAdmin), s.person("ada", idp.PermissionNone)

	nobody := s.visitor()
	if a := nobody.get("/thing?q=1"); a.status != http.StatusSeeOther || a.location != "/login?next="+url.QueryEscape("/thing?q=1") {
		t.Errorf("nobody: %+v", a)
	}
	without := s.visitor()
	without.signIn(plain)
	for _, a := range []answer{without.get("/thing"), without.post("/thing", url.Values{"name": {"x"}, "back": {"/thing"}})} {
		if a.status != http.StatusForbidden || strings.Contains(a.body, "as stored") {
			t.Errorf("without the permission: %d", a.status)
		}
	}
	if got := s.audit.events(); len(got) != 2 || got[0].Action != idp.ActionPermissionRefuse || got[0].ActorID != plain.ID || got[0].Result != idp.AuditRefused {
		t.Errorf("recorded: %+v", got)
	}
	with := s.visitor()
	with.signIn(admin)
	if st := with.state("/thing"); st.Values.Get("name") != "as stored" {
		t.Errorf("%+v", st)
	}
	if done.Load() != 0 {
		t.Error("something was done")
	}
}

// A form that does not count keeps what was typed, but its secrets, for the
// same person on the same page of the same browser.
func TestDrafts(t *testing.T) {
	s := newSite(t)
	done := s.formPage(func(_ *gin.Context, form url.Values) error {
		if form.Get("name") == "bad" {
			return &idp.InvalidError{Faults: []idp.Fault{idp.NewFault("name", "is %s", "bad")}}
		}
		if form.Get("name") == "old" {
			return idp.ErrStale
		}
		return nil
	})
	admin, other := s.person("root", idp.PermissionAdmin), s.person("eve", idp.PermissionAdmin)
	v := s.visitor()
	v.signIn(admin)
	csrf := v.state("/thing").CSRF
	form := func(name, token string) url.Values {
		return url.Values{"name": {name}, "password": {"hunter2"}, "csrf": {token}, "back": {"/thing?tab=1"}}
	}
	for name, c := range map[string]struct {
		form   url.Values
		faults []string
		notice pages.FormNotice
	}{
		"no token":      {form("Ada", ""), nil, pages.NoticeStaleForm},
		"foreign token": {form("Ada", s.web.CSRFToken("other", "shell", "other")), nil, pages.NoticeStaleForm},
		"a fault":       {form("bad", csrf), []string{"name"}, ""},
		"changed":       {form("old", csrf), nil, pages.NoticeChanged},
	} {
		t.Run(name, func(t *testing.T) {
			a := v.post("/thing", c.form)
			if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/thing?draft=") || !strings.HasSuffix(a.location, "&tab=1") {
				t.Fatalf("%+v", a)
			}
			st := v.state(a.location)
			if st.Values.Get("name") != c.form.Get("name") || st.Values.Has("password") || st.Values.Has("csrf") {
				t.Errorf("kept %v", st.Values)
			}
			if strings.Join(st.Faults, " ") != strings.Join(c.faults, " ") || st.Notice != c.notice {
				t.Errorf("%+v", st)
			}
			if got := v.state(strings.Replace(a.location, "/thing", "/other", 1)); got.Values.Has("name") {
				t.Error("another page shows it")
			}
			thief := s.visitor()
			thief.signIn(other)
			if got := thief.state(a.location); got.Values.Get("name") != "as stored" {
				t.Error("another browser shows it")
			}
			thief.jar["gh_browser"] = v.jar["gh_browser"]
			if got := thief.state(a.location); got.Values.Get("name") != "as stored" {
				t.Error("another person on the same browser sees it")
			}
		})
	}
	if done.Load() != 0 {
		t.Error("something was done")
	}
}

// Where everybody can register, a person is no more than a stranger: their
// refused forms fill our store to a bound.
func TestDraftsOfAPersonAreBounded(t *testing.T) {
	s := newSite(t)
	s.formPage(allowed)
	kept := func(v *visitor, n int) (drafts int) {
		for range n {
			if a := v.post("/thing", url.Values{"name": {"x"}, "back": {"/thing"}}); strings.Contains(a.location, "draft") {
				drafts++
			}
		}
		return drafts
	}
	v, other := s.visitor(), s.visitor()
	v.signIn(s.person("root", idp.PermissionAdmin))
	if n := kept(v, 400); n < 100 || n > 310 {
		t.Errorf("%d of 400 are kept", n)
	}
	other.signIn(s.person("eve", idp.PermissionAdmin))
	if n := kept(other, 1); n != 1 {
		t.Error("another person's is not kept")
	}
}

func TestSessionExpiredInBetween(t *testing.T) {
	s := newSite(t)
	done := s.formPage(allowed)
	admin := s.person("root", idp.PermissionAdmin)
	v := s.visitor()
	v.signIn(admin)
	csrf := v.state("/thing").CSRF
	must(t, s.sessions.End(t.Context(), v.session))
	a := v.post("/thing", url.Values{"name": {"Ada"}, "password": {"hunter2"}, "csrf": {csrf}, "back": {"/thing"}})
	at, err := url.Parse(a.location)
	must(t, err)
	next := at.Query().Get("next")
	if a.status != http.StatusSeeOther || at.Path != "/login" || !web.HoldsDraft(next) {
		t.Fatalf("%+v", a)
	}
	v.signIn(admin)
	if st := v.state(next); st.Values.Get("name") != "Ada" || st.Values.Has("password") || st.Notice != pages.NoticeSessionBack {
		t.Errorf("%+v", st)
	}
	if done.Load() != 0 {
		t.Error("something was done with nobody signed in")
	}
}

// What somebody typed when their session had ended is for them: whoever signs
// in next in the same browser sees nothing of it, and neither does who was
// signed in there when the form was sent.
func TestDraftsStayWithWhoTyped(t *testing.T) {
	s := newSite(t)
	s.formPage(allowed)
	ada, eve := s.person("root", idp.PermissionAdmin), s.person("eve", idp.PermissionAdmin)
	v := s.visitor()
	v.signIn(ada)
	form := url.Values{"name": {"Ada's secret"}, "csrf": {v.state("/thing").CSRF}, "back": {"/thing"}}
	kept := func(form url.Values) string {
		t.Helper()
		at, err := url.Parse(v.post("/thing", form).location)
		must(t, err)
		if at.Path == "/login" {
			return at.Query().Get("next")
		}
		return at.RequestURI()
	}
	must(t, s.sessions.End(t.Context(), v.session))
	sent := kept(form)
	v.signIn(eve)
	if st := v.state(sent); st.Values.Get("name") != "as stored" {
		t.Errorf("who signs in next sees %v", st.Values)
	}
	// Eve's session is there when Ada's form is sent once more.
	if st := v.state(kept(form)); st.Values.Get("name") == "Ada's secret" || st.Notice != pages.NoticeStaleForm {
		t.Errorf("who is signed in sees %v, %q", st.Values, st.Notice)
	}
	v.signIn(ada)
	if st := v.state(sent); st.Values.Get("name") != "Ada's secret" {
		t.Errorf("who typed it sees %v", st.Values)
	}
	// A form that does not say whose it is is nobody's.
	must(t, s.sessions.End(t.Context(), v.session))
	form.Set("csrf", "x")
	sent = kept(form)
	v.signIn(eve)
	if st := v.state(sent); st.Values.Get("name") == "Ada's secret" {
		t.Errorf("of a form without an owner, who signs in next sees %v", st.Values)
	}
}

// Of any number of submits of one form one counts, and all end at the same place.
func TestOnce(t *testing.T) {
	s := newSite(t)
	var made atomic.Int64
	g := s.guarded(nil)
	g.GET("/form", s.web.Page(func(c *gin.Context) error {
		c.JSON(http.StatusOK, state{CSRF: s.web.FormToken(c)})
		return nil
	}))
	g.POST("/form", s.web.Page(func(c *gin.Context) error {
		form, err := s.web.Form(c)
		if err != nil {
			return err
		}
		return s.web.Once(c, form, func() (string, error) {
			if form.Get("fail") == "1" {
				return "", errors.New("not this time")
			}
			time.Sleep(20 * time.Millisecond)
			made.Add(1)
			web.SeeOther(c, "/made/1")
			return "/made/1", nil
		})
	}))
	v := s.visitor()
	v.signIn(s.person("root", idp.PermissionAdmin))
	form := url.Values{"csrf": {v.state("/form").CSRF}, "form_id": {"one"}, "back": {"/form"}}
	failing := url.Values{"csrf": form["csrf"], "form_id": {"one"}, "fail": {"1"}}
	if a := v.post("/form", failing); a.status != http.StatusInternalServerError {
		t.Fatalf("%+v", a)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			one := s.visitor()
			for name, value := range map[string]string{"gh_session": v.jar["gh_session"], "gh_browser": v.jar["gh_browser"]} {
				one.jar[name] = value
			}
			if a := one.post("/form", form); a.status != http.StatusSeeOther || a.location != "/made/1" {
				t.Errorf("%+v", a)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

func TestFreshSignIn(t *testing.T) {
	s := newSite(t)
	s.guarded(isAdmin).GET("/danger", s.web.Page(func(c *gin.Context) error {
		if err := s.web.FreshSignIn(c); err != nil {
			return err
		}
		c.String(http.StatusOK, "danger")
		return nil
	}))
	v := s.visitor()
	v.signIn(s.person("root", idp.PermissionAdmin))
	if a := v.get("/danger"); a.status != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	s.now.advance(11 * time.Minute)
	if a := v.get("/danger?x=1"); a.status != http.StatusSeeOther || a.location != "/login?again=1&next="+url.QueryEscape("/danger?x=1") {
		t.Errorf("%+v", a)
	}
}

func TestShownOnce(t *testing.T) {
	s := newSite(t)
	g := s.guarded(nil)
	g.GET("/keep", s.web.Page(func(c *gin.Context) error {
		at, err := s.web.KeepOnce(c, "/shown", []byte("the secret"))
		if err == nil {
			web.SeeOther(c, at)
		}
		return err
	}))
	g.GET("/shown", s.web.Page(func(c *gin.Context) error {
		secret, err := s.web.TakeOnce(c)
		if err == nil {
			c.String(http.StatusOK, "[%s]", secret)
		}
		return err
	}))
	admin := s.person("root", idp.PermissionAdmin)
	v, other := s.visitor(), s.visitor()
	v.signIn(admin)
	other.signIn(admin)

	first := v.get("/keep").location
	id := strings.TrimPrefix(first, "/shown?once=")
	kept, err := s.stores.Notes.Note(t.Context(), "once:"+id)
	must(t, err)
	if strings.Contains(string(kept), "secret") {
		t.Error("it lies open in the store")
	}
	if a := v.get(first); a.body != "[the secret]" {
		t.Errorf("%+v", a)
	}
	if a := v.get(first); a.body != "[]" {
		t.Errorf("a second time: %+v", a)
	}
	if a := other.get(v.get("/keep").location); a.body != "[]" {
		t.Errorf("another session: %+v", a)
	}
}

// What was done is told on the next page, and not again.
func TestDone(t *testing.T) {
	s := newSite(t)
	g := s.guarded(nil)
	g.GET("/do", s.web.Page(func(c *gin.Context) error {
		return s.web.Done(c, "/page", pages.Toast{Key: "secret.copied"})
	}))
	g.GET("/page", s.web.Page(func(c *gin.Context) error {
		return s.web.Show(c, http.StatusOK, pages.SignedOutPage{})
	}))
	v := s.visitor()
	v.signIn(s.person("root", idp.PermissionAdmin))
	if a := v.get("/do"); a.status != http.StatusSeeOther || a.location != "/page" {
		t.Fatalf("%+v", a)
	}
	first, second := v.get("/page"), v.get("/page")
	if first.status != http.StatusOK || second.status != http.StatusOK {
		t.Fatalf("%d %d", first.status, second.status)
	}
	if !strings.Contains(first.body, `role="status"`) || strings.Contains(second.body, `role="status"`) {
		t.Error("it is not told exactly once")
	}
	v.get("/do")
	v.signIn(s.person("eve", idp.PermissionAdmin))
	if a := v.get("/page"); a.status != http.StatusOK || strings.Contains(a.body, `role="status"`) {
		t.Errorf("somebody else is told of it: %d", a.status)
	}
}
