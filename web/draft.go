package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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

// How many forms may be left with us within draftLife, each up to maxDraft of
// our store: by a network, of nobody's, and by a person.
const (
	strangerDrafts = 100
	personDrafts   = 300
)

// draft is a form that was not taken: its values but the secret ones, and why.
type draft struct {
	Owner  string       `json:"u"` // mark of whose it is; "" for a form of nobody's
	Path   string       `json:"p"` // of the page that shows it
	To     string       `json:"t"` // path that it was sent to: a page may have several forms
	Values url.Values   `json:"v"`
	Faults []draftFault `json:"f,omitempty"`
	Notice string       `json:"n,omitempty"`
}

// draftFault is idp.Fault with what its JSON form leaves out.
type draftFault struct {
	Field, Message, Format string
	Args                   []draftArg
}

// draftArg keeps an argument with its type, for the verbs of the format.
type draftArg struct {
	Text     string         `json:"t,omitempty"`
	Int      *int           `json:"i,omitempty"`
	Duration *time.Duration `json:"d,omitempty"`
}

func keptArg(a any) draftArg {
	switch v := a.(type) {
	case int:
		return draftArg{Int: &v}
	case time.Duration:
		return draftArg{Duration: &v}
	}
	return draftArg{Text: fmt.Sprint(a)}
}

func (a draftArg) value() any {
	switch {
	case a.Int != nil:
		return *a.Int
	case a.Duration != nil:
		return *a.Duration
	}
	return a.Text
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
	if !s.mayLeaveDraft(c) {
		return page.RequestURI(), nil
	}
	s.own(c, d)
	for _, name := range secretFields() {
		d.Values.Del(name)
	}
	d.Path, d.To = page.Path, c.Request.URL.Path
	text, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	if len(text) > maxDraft {
		d.Values = nil // the form is shown as the record is
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

// mayLeaveDraft reports whether a form is kept. Of one that is not, the page is
// shown as it was.
func (s *Site) mayLeaveDraft(c *gin.Context) bool {
	if who := Person(c); who.Is() {
		return s.ownDrafts.Of(who.User.ID).AllowN(s.Now(), 1)
	}
	return s.drafts.Of(Network(RecordOf(c).IP)).AllowN(s.Now(), 1)
}

// own says whose the draft is: that of the person whose page the form was on,
// who need not be who sends it. Another person gets the form, and not what was
// typed into it.
func (s *Site) own(c *gin.Context, d *draft) {
	who := Person(c)
	_, d.Owner, _ = strings.Cut(d.Values.Get("csrf"), ".")
	if who.Is() {
		mark := s.ownerMark(who.User.ID)
		if d.Owner != "" && d.Owner != mark {
			d.Values = nil
		}
		d.Owner = mark
	}
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
	if who := Person(c); d.Path != c.Request.URL.Path || d.Owner != "" && (!who.Is() || d.Owner != s.ownerMark(who.User.ID)) {
		return nil, nil //nolint:nilnil // somebody else's, or another form's
	}
	return d, nil
}

// keyDraftShown notes that a form of the page shows the draft.
const keyDraftShown = "draft_shown"

// FormState is the form that a page shows: with the values and faults of its
// draft, or else with the initial values. A draft is the form's whose action it
// was sent to. The form id is new.
func (s *Site) FormState(c *gin.Context, action string, initial url.Values) (pages.Form, error) {
	f := pages.Form{ID: rand.Text(), Action: action, Values: initial}
	d, err := s.draft(c)
	if err != nil || d == nil || d.To != pathOf(action) {
		return f, err
	}
	c.Set(keyDraftShown, true)
	f.Notice = pages.FormNotice(d.Notice)
	if d.Values != nil {
		f.Values = d.Values
	}
	for _, x := range d.Faults {
		f.Faults = append(f.Faults, x.fault())
	}
	return f, nil
}

// EditState is FormState of a form that edits a record, whose state now has that
// version. What is being mended was begun on the state that its draft names: it
// must not overwrite what somebody else changed meanwhile. Only who was told of
// that goes on from the state now.
func (s *Site) EditState(c *gin.Context, action string, initial url.Values, version string) (pages.Form, error) {
	f, err := s.FormState(c, action, initial)
	f.Version = version
	if begun := f.Values.Get("version"); begun != "" && f.Notice != pages.NoticeChanged {
		f.Version = begun
	}
	return f, err
}

func pathOf(address string) string {
	path, _, _ := strings.Cut(address, "?")
	return path
}

// unshown tells of a form of one button that was not taken: no form of the page
// shows its draft, so the top of the page says it.
func (s *Site) unshown(c *gin.Context) (*pages.Toast, error) {
	if c.GetBool(keyDraftShown) {
		return nil, nil //nolint:nilnil // the form says it
	}
	d, err := s.draft(c)
	if err != nil || d == nil || d.Notice == "" {
		return nil, err
	}
	return &pages.Toast{Key: "toast.not_done." + d.Notice, Tone: "warn"}, nil
}

func (x draftFault) fault() idp.Fault {
	args := make([]any, len(x.Args))
	for i, a := range x.Args {
		args[i] = a.value()
	}
	return idp.Fault{Field: x.Field, Message: x.Message, Format: x.Format, Args: args}
}

func keptFault(f idp.Fault) draftFault {
	x := draftFault{Field: f.Field, Message: f.Message, Format: f.Format}
	for _, a := range f.Args {
		x.Args = append(x.Args, keptArg(a))
	}
	return x
}

// Form reads a form of a guarded page. When its token does not fit, nothing is
// done: what was typed is kept, the page is shown again, and the error is ErrAnswered.
func (s *Site) Form(c *gin.Context) (url.Values, error) {
	return s.FormFor(c, purposeShell, Person(c).SessionID())
}

// FormFor is Form for a page that is not guarded, whose token has a purpose of its own.
func (s *Site) FormFor(c *gin.Context, purpose string, scope ...string) (url.Values, error) {
	values, err := s.readForm(c.Writer, c.Request)
	if err != nil {
		return nil, err
	}
	c.Request.PostForm = values
	if s.CSRFOK(c, values.Get("csrf"), purpose, scope...) {
		return values, nil
	}
	return nil, s.staleDraft(c, values)
}

func (s *Site) staleDraft(c *gin.Context, values url.Values) error {
	RecordOf(c).Outcome = OutcomeStale
	return s.keepAnd(c, &draft{Values: values, Notice: string(pages.NoticeStaleForm)})
}

// Redraw shows a form again with the values, which may have one more: for
// buttons that change the form and save nothing.
func (s *Site) Redraw(c *gin.Context, values url.Values) error {
	RecordOf(c).Outcome = "redrawn"
	return s.keepAnd(c, &draft{Values: values})
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

// Once does what a form asks, once: a form that is sent a second time as it was
// goes where the first went. do returns where that is. The same page sent again
// with something else in it, as it can be after Back, is another form.
func (s *Site) Once(c *gin.Context, values url.Values, do func() (to string, err error)) error {
	if id := values.Get("form_id"); id == "" || len(id) > 64 {
		return RefusePage(400, pages.ErrorBadRequest)
	}
	ctx := c.Request.Context()
	key := s.onceKey(c, values)
	added, standing, err := s.Notes.AddNote(ctx, key, nil, draftLife)
	for err == nil && !added {
		if err = s.goWhereTheFirstWent(c, key, standing); errors.Is(err, idp.ErrNotFound) {
			// The first was refused meanwhile, so nothing was done yet.
			added, standing, err = s.Notes.AddNote(ctx, key, nil, draftLife)
		}
	}
	if err != nil {
		return err
	}
	to, err := do()
	if err != nil {
		// Nothing was done, so the form may be sent again.
		return errors.Join(err, s.Notes.DropNote(context.WithoutCancel(ctx), key))
	}
	return s.Notes.PutNote(ctx, key, []byte(to), draftLife)
}

// onceKey names a form with all that it holds; a password in it cannot be guessed from the name.
func (s *Site) onceKey(c *gin.Context, values url.Values) string {
	held := maps.Clone(values)
	held.Del("csrf") // masked anew each time that a page is shown
	m := hmac.New(sha256.New, s.CSRFKey)
	_, _ = io.WriteString(m, "once|"+c.Request.URL.Path+"|"+held.Encode())
	return "form:" + Person(c).SessionID() + ":" + hex.EncodeToString(m.Sum(nil))
}

// goWhereTheFirstWent waits a moment for a first submit that is still at work.
// The error is never nil; idp.ErrNotFound when the first came to nothing.
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
