package console

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// versionForm is how a form names the state of the record that it edits.
const versionForm = time.RFC3339Nano

func version(at time.Time) string { return at.UTC().Format(versionForm) }

// versionOf reads it back. A form without one is none of ours: it would
// overwrite what somebody else changed meanwhile.
func versionOf(values url.Values) (time.Time, error) {
	at, err := time.Parse(versionForm, values.Get("version"))
	if err != nil || at.IsZero() {
		return time.Time{}, web.BadInput("the form lacks the version of what it edits")
	}
	return at, nil
}

// backTo is the page that a form was on, or another where it names none of the console.
func backTo(values url.Values, otherwise string) string {
	back := web.NextPath(values.Get("back"))
	at, _, _ := strings.Cut(back, "?")
	if !strings.HasPrefix(at, web.RouteAdmin+"/") || path.Clean(at) != at {
		return otherwise
	}
	return back
}

// ask shows a question, with what was typed into it when it was refused.
func (k *Console) ask(c *gin.Context, p pages.ReviewPage) error {
	form, err := k.EditState(c, p.Review.Form.Action, url.Values{}, p.Review.Form.Version)
	if err != nil {
		return err
	}
	p.Review.Form = form
	return k.Show(c, http.StatusOK, p)
}

// maxReason bounds what the audit log keeps of a reason, in runes.
const maxReason = idp.MaxClaim

// confirmed checks what a review page asked to be typed.
func confirmed(values url.Values, match string) error {
	var faults []idp.Fault
	if strings.TrimSpace(values.Get("match")) != match {
		faults = append(faults, idp.NewFault("match", "does not match"))
	}
	if utf8.RuneCountInString(values.Get("reason")) > maxReason {
		faults = append(faults, idp.NewFault("reason", "must be at most %d characters", maxReason))
	}
	if len(faults) == 0 {
		return nil
	}
	return invalid(faults...)
}

func invalid(faults ...idp.Fault) error { return &idp.InvalidError{Faults: faults} }

// isConflict reports whether a record is held or taken.
func isConflict(err error) bool {
	var conflict *idp.ConflictError
	return errors.As(err, &conflict)
}
