package console

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

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
