package web_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// upload posts a form with a file.
func (v *visitor) upload(path, contentType string, body []byte) answer {
	v.s.t.Helper()
	r, err := http.NewRequestWithContext(v.s.t.Context(), http.MethodPost, v.s.url+path, bytes.NewReader(body))
	must(v.s.t, err)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Origin", v.s.url)
	return v.send(r)
}

// parts builds the body of such a form.
func parts(t *testing.T, fields url.Values, file []byte) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, values := range fields {
		for _, value := range values {
			must(t, w.WriteField(name, value))
		}
	}
	if file != nil {
		f, err := w.CreateFormFile("logo", "logo.png")
		must(t, err)
		_, err = f.Write(file)
		must(t, err)
	}
	must(t, w.Close())
	return w.FormDataContentType(), b.Bytes()
}

func TestUpload(t *testing.T) {
	s := newSite(t)
	const limit = 1000
	var got []byte
	g := s.guarded(isAdmin)
	s.formPage(allowed)
	g.POST("/logo", s.web.Page(func(c *gin.Context) error {
		values, file, err := s.web.Upload(c, "logo", limit)
		if err != nil {
			var invalid *idp.InvalidError
			if errors.As(err, &invalid) {
				return s.web.Refuse(c, values, err)
			}
			return err
		}
		got = append([]byte(values.Get("name")+":"), file...)
		web.SeeOther(c, "/done")
		return nil
	}))
	g.GET("/logo", s.web.Page(func(c *gin.Context) error {
		f, err := s.web.FormState(c, "/logo", nil)
		if err == nil {
			c.JSON(http.StatusOK, state{Values: f.Values, Notice: f.Notice, Faults: []string{faultsOf(f)}})
		}
		return err
	}))
	v := s.visitor()
	admin := s.person("root", idp.PermissionAdmin)
	v.signIn(admin)
	csrf := v.state("/thing").CSRF
	fields := func(token string) url.Values {
		return url.Values{"csrf": {token}, "back": {"/logo"}, "name": {"Ada"}}
	}
	send := func(fields url.Values, file []byte) answer {
		kind, body := parts(t, fields, file)
		return v.upload("/logo", kind, body)
	}
	if a := send(fields(csrf), []byte("picture")); a.location != "/done" || string(got) != "Ada:picture" {
		t.Errorf("%+v, %q", a, got)
	}
	if a := send(fields(csrf), nil); a.location != "/done" || string(got) != "Ada:" {
		t.Errorf("without a file: %+v, %q", a, got)
	}
	if a := send(fields(csrf), bytes.Repeat([]byte("x"), limit)); a.location != "/done" || len(got) != limit+4 {
		t.Errorf("as large as it may be: %+v", a)
	}
	got = nil
	for name, c := range map[string]struct {
		fields url.Values
		file   []byte
		faults string
		notice pages.FormNotice
	}{
		"too large":     {fields(csrf), bytes.Repeat([]byte("x"), limit+1), "logo: must be at most 0 KB", ""},
		"far too large": {fields(csrf), bytes.Repeat([]byte("x"), 3<<20), "logo: must be at most 0 KB", ""},
		"foreign token": {fields(s.web.CSRFToken("other", "shell")), []byte("x"), "", pages.NoticeStaleForm},
		"no token":      {fields(""), []byte("x"), "", pages.NoticeStaleForm},
	} {
		a := send(c.fields, c.file)
		if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/logo?draft=") {
			t.Errorf("%s: %+v", name, a)
			continue
		}
		if st := v.state(a.location); st.Notice != c.notice || st.Faults[0] != c.faults || st.Values.Get("name") != "Ada" {
			t.Errorf("%s: %+v", name, st)
		}
	}
	many := fields(csrf)
	for range 60 {
		many.Add("x", "y")
	}
	long := fields(csrf)
	long.Set("name", strings.Repeat("x", 65<<10))
	for name, c := range map[string]struct {
		fields url.Values
		file   []byte
		status int
	}{
		"too many fields": {many, nil, http.StatusBadRequest},
		"a NUL":           {url.Values{"csrf": {csrf}, "name": {"a\x00"}}, nil, http.StatusBadRequest},
		"a long field":    {long, nil, http.StatusRequestEntityTooLarge},
		"a huge body":     {fields(csrf), bytes.Repeat([]byte("x"), 5<<20), http.StatusRequestEntityTooLarge},
	} {
		if a := send(c.fields, c.file); a.status != c.status {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	kind, body := parts(t, fields(csrf), []byte("picture"))
	if a := v.upload("/logo", kind, body[:len(body)/2]); a.status != http.StatusBadRequest {
		t.Errorf("cut short: %d", a.status)
	}
	if a := v.upload("/logo", "multipart/form-data", body); a.status != http.StatusBadRequest {
		t.Errorf("without a boundary: %d", a.status)
	}
	must(t, s.sessions.End(t.Context(), v.session))
	if a := v.upload("/logo", kind, body); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login?next=%2Flogo%3Fdraft%3D") {
		t.Errorf("signed out meanwhile: %+v", a)
	}
	if got != nil {
		t.Errorf("something was taken: %q", got)
	}
}

func faultsOf(f pages.Form) string {
	var out []string
	for _, x := range f.Faults {
		out = append(out, x.Field+": "+x.Message)
	}
	return strings.Join(out, "; ")
}

// A page may have several forms: a draft is the one's that was sent. Where none
// shows it, the top of the page says that nothing was done.
func TestDraftsOfSeveralForms(t *testing.T) {
	s := newSite(t)
	s.formPage(allowed)
	g := s.guarded(isAdmin)
	g.POST("/act", s.web.Page(func(c *gin.Context) error {
		_, err := s.web.Form(c)
		return err
	}))
	v := s.visitor()
	v.signIn(s.person("root", idp.PermissionAdmin))
	v.state("/thing")
	a := v.post("/act", url.Values{"id": {"7"}, "back": {"/thing"}})
	if !strings.HasPrefix(a.location, "/thing?draft=") {
		t.Fatalf("%+v", a)
	}
	if st := v.state(a.location); st.Values.Get("name") != "as stored" || st.Notice != "" {
		t.Errorf("the form shows another's draft: %+v", st)
	}
	g.GET("/page", s.web.Page(func(c *gin.Context) error { return s.web.Show(c, http.StatusOK, pages.SignedOutPage{}) }))
	a = v.post("/act", url.Values{"id": {"7"}, "back": {"/page"}})
	if page := v.get(a.location); !strings.Contains(page.body, "so nothing was changed. Try again.") {
		t.Errorf("nothing is said: %+v", page)
	}
}

// What a fault was put together from keeps its type, so that its format can be said in another language.
func TestDraftsKeepArguments(t *testing.T) {
	s := newSite(t)
	var faults []idp.Fault
	g := s.guarded(isAdmin)
	s.formPage(allowed)
	want := idp.NewFault("name", "%q, %d and %s", "text", 7, pages.ErrorKind("kind"))
	g.POST("/typed", s.web.Page(func(c *gin.Context) error {
		form, err := s.web.Form(c)
		if err != nil {
			return err
		}
		return s.web.Refuse(c, form, &idp.InvalidError{Faults: []idp.Fault{want}})
	}))
	g.GET("/typed", s.web.Page(func(c *gin.Context) error {
		f, err := s.web.FormState(c, "/typed?x=1", nil)
		faults = f.Faults
		c.Status(http.StatusNoContent)
		return err
	}))
	v := s.visitor()
	v.signIn(s.person("root", idp.PermissionAdmin))
	a := v.post("/typed", url.Values{"csrf": {v.state("/thing").CSRF}, "back": {"/typed"}})
	v.get(a.location)
	if len(faults) != 1 || faults[0].Message != want.Message {
		t.Fatalf("%+v", faults)
	}
	if again := idp.NewFault("name", faults[0].Format, faults[0].Args...); again.Message != want.Message {
		t.Errorf("put together again: %s", again.Message)
	}
}
