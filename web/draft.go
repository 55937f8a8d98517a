package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

// draftLife is how long a refused form keeps what was typed.
const draftLife = 10 * time.Minute

// maxDraft bounds what is kept of a form, in bytes.
const maxDraft = 32 << 10

// draft is a form that was not taken: its values but the secret ones, and why.
type draft struct {
	UserID string       `json:"u"` // whose it is; "" for a form that was sent with nobody signed in
	Path   string       `json:"p"` // of the page that shows it
	Values url.Values   `json:"v"`
	Faults []draftFault `json:"f,omitempty"`
	Notice string       `json:"n,omitempty"`
}

// draftFault is idp.Fault with what its JSON form leaves out.
type draftFault struct {
	Field, Message, Format string
	Args                   []string
}

// secretFields are never kept, nor filled in again.
func secretFields() []string {
	return []string{"csrf", "password", "new_password", "current_password", "oldpassword", "secret", "token", "confirm"}
}

// keepDraft keeps a form and returns the address of its page that shows it again.
func (s *Site) keepDraft(c *gin.Context, back string, d *draft) (string, error) {
	page, err := url.Parse(back)
	if err != nil {
		return "", fmt.Errorf("the page of a form: %w", err)
	}
	for _, name := range secretFields() {
		d.Values.Del(name)
	}
	d.Path = page.Path
	if who := Person(c); who.Is() {
		d.UserID = who.User.ID
	}
	text, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	if len(text) > maxDraft {
		d.Values = url.Values{}
		if text, err = json.Marshal(d); err != nil {
			return "", err
		}
	}
	id := rand.Text()
	if err := s.Notes.PutNote(c.Request.Context(), s.draftKey(s.EnsureBrowser(c), id), text, draftLife); err != nil {
		return "", err
	}
	q := page.Query()
	q.Set("draft", id)
	page.RawQuery = q.Encode()
	return page.RequestURI(), nil
}

// HoldsDraft reports whether a path of ours names a draft, so that what was
// typed waits there.
func HoldsDraft(next string) bool {
	u, err := url.Parse(next)
	return err == nil && u.Query().Has("draft")
}

// draftKey ties a draft to one browser.
func (s *Site) draftKey(b BrowserID, id string) string { return "draft:" + b.Digest() + ":" + id }

// draft returns the draft that the page's address names, nil for none.
func (s *Site) draft(c *gin.Context) (*draft, error) {
	id := c.Query("draft")
	if b := s.Browser(c); id == "" || len(id) > 64 || strings.Contains(id, ":") || b == "" {
		return nil, nil //nolint:nilnil // most pages have none
	}
	text, err := s.Notes.Note(c.Request.Context(), s.draftKey(s.Browser(c), id))
	if errors.Is(err, idp.ErrNotFound) {
		return nil, nil //nolint:nilnil // it was too long ago
	}
	if err != nil {
		return nil, err
	}
	d := &draft{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("read a draft: %w", err)
	}
	if who := Person(c); d.Path != c.Request.URL.Path || d.UserID != "" && (!who.Is() || d.UserID != who.User.ID) {
		return nil, nil //nolint:nilnil // somebody else's, or another form's
	}
	return d, nil
}

// FormState is the form that a page shows: with the values and faults of its
// draft, or else with the initial values. The form id is new.
func (s *Site) FormState(c *gin.Context, action string, initial url.Values) (pages.Form, error) {
	f := pages.Form{ID: rand.Text(), Action: action, Values: initial}
	d, err := s.draft(c)
	if err != nil || d == nil {
		return f, err
	}
	f.Values, f.Notice = d.Values, pages.FormNotice(d.Notice)
	for _, x := range d.Faults {
		f.Faults = append(f.Faults, x.fault())
	}
	return f, nil
}

func (x draftFault) fault() idp.Fault {
	args := make([]any, len(x.Args))
	for i, a := range x.Args {
		args[i] = a
	}
	return idp.Fault{Field: x.Field, Message: x.Message, Format: x.Format, Args: args}
}

func keptFault(f idp.Fault) draftFault {
	x := draftFault{Field: f.Field, Message: f.Message, Format: f.Format}
	for _, a := range f.Args {
		x.Args = append(x.Args, fmt.Sprint(a))
	}
	return x
}

// Form reads a form of a guarded page. When its token does not fit, nothing is
// done: what was typed is kept, the page is shown again, and the error is ErrAnswered.
func (s *Site) Form(c *gin.Context) (url.Values, error) {
	values, err := s.readForm(c.Writer, c.Request)
	if err != nil {
		return nil, err
	}
	c.Request.PostForm = values
	if s.CSRFOK(c, values.Get("csrf"), purposeShell, Person(c).SessionID()) {
		return values, nil
	}
	RecordOf(c).Outcome = OutcomeStale
	return nil, s.keepAnd(c, &draft{Values: values, Notice: string(pages.NoticeStaleForm)})
}

// Refuse shows a form again with what is wrong, when the error is one that the
// person can mend; any other error comes back as it is.
func (s *Site) Refuse(c *gin.Context, values url.Values, err error) error {
	var (
		invalid  *idp.InvalidError
		conflict *idp.ConflictError
	)
	d := &draft{Values: values}
	switch {
	case errors.As(err, &invalid):
		for _, f := range invalid.Faults {
			d.Faults = append(d.Faults, keptFault(f))
		}
	case errors.As(err, &conflict):
		d.Faults = []draftFault{keptFault(idp.NewFault(conflict.Field, "is taken; choose another"))}
	case errors.Is(err, idp.ErrLastAdmin):
		d.Faults = []draftFault{keptFault(idp.NewFault("", "this is the last active administrator; make somebody else one first"))}
	case errors.Is(err, idp.ErrStale):
		d.Notice = string(pages.NoticeChanged)
	default:
		return err
	}
	RecordOf(c).Outcome = "refused"
	return s.keepAnd(c, d)
}

func (s *Site) keepAnd(c *gin.Context, d *draft) error {
	back := NextPath(d.Values.Get("back"))
	if back == "" {
		return RefusePage(400, pages.ErrorBadRequest)
	}
	at, err := s.keepDraft(c, back, d)
	if err != nil {
		return err
	}
	SeeOther(c, at)
	return ErrAnswered
}

// Once does what a form asks, once for its form id: a form that is sent a
// second time goes where the first went. do returns where that is.
func (s *Site) Once(c *gin.Context, values url.Values, do func() (to string, err error)) error {
	id := values.Get("form_id")
	if id == "" || len(id) > 64 {
		return RefusePage(400, pages.ErrorBadRequest)
	}
	ctx := c.Request.Context()
	key := "form:" + Person(c).SessionID() + ":" + id
	added, standing, err := s.Notes.AddNote(ctx, key, nil, draftLife)
	if err != nil {
		return err
	}
	if !added {
		return s.goWhereTheFirstWent(c, key, standing)
	}
	to, err := do()
	if err != nil {
		// Nothing was done, so the form may be sent again.
		return errors.Join(err, s.Notes.DropNote(context.WithoutCancel(ctx), key))
	}
	return s.Notes.PutNote(ctx, key, []byte(to), draftLife)
}

// goWhereTheFirstWent waits a moment for a first submit that is still at work.
func (s *Site) goWhereTheFirstWent(c *gin.Context, key string, standing []byte) error {
	ctx := c.Request.Context()
	for range 20 {
		if len(standing) > 0 {
			SeeOther(c, string(standing))
			return ErrAnswered
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		var err error
		if standing, err = s.Notes.Note(ctx, key); err != nil {
			return err
		}
	}
	return RefusePage(409, pages.ErrorUnavailable)
}
