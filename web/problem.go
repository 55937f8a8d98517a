package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
)

// maxJSON is the largest JSON body that is read, in bytes.
const maxJSON = 256 << 10

// problem is a problem document (RFC 9457 §3).
type problem struct {
	Type     string      `json:"type"`
	Title    string      `json:"title"`
	Status   int         `json:"status"`
	Detail   string      `json:"detail,omitempty"`
	Instance string      `json:"instance,omitempty"` // urn of the request, to quote to support
	Code     string      `json:"code"`
	Errors   []idp.Fault `json:"errors,omitempty"` // each wrong member
}

// Problem adapts a handler whose errors are problem documents.
func (s *Site) Problem(h Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := guarded(h, c); err != nil && !errors.Is(err, ErrAnswered) {
			s.FailProblem(c, err)
		}
	}
}

// FailProblem answers an error with a problem document.
func (s *Site) FailProblem(c *gin.Context, err error) {
	s.Fail(c, err, func(c *gin.Context, f *failure) { writeProblem(c, f, err) })
}

func writeProblem(c *gin.Context, f *failure, err error) {
	p := problem{
		Type: "about:blank", Title: http.StatusText(f.status), Status: f.status, Code: f.code,
		Detail: f.description, Instance: "urn:request:" + RecordOf(c).ID,
	}
	fillProblem(&p, err)
	RecordOf(c).failure.status = p.Status
	if p.Status < http.StatusInternalServerError {
		RecordOf(c).failure.kind = p.Code
	}
	body, _ := json.Marshal(p) // texts and a number always encode
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", "application/problem+json")
	c.Status(p.Status)
	_, _ = c.Writer.Write(body)
}

// fillProblem tells the errors of the domain in the words of HTTP. To a page
// they are a form to show again; to a program they are a status.
func fillProblem(p *problem, err error) {
	var (
		invalid  *idp.InvalidError
		conflict *idp.ConflictError
		problem  *ProblemError
	)
	say := func(status int, code, detail string) {
		p.Status, p.Title, p.Code, p.Detail = status, http.StatusText(status), code, detail
	}
	switch {
	case errors.As(err, &problem):
		p.Errors = problem.Errors
	case errors.As(err, &invalid):
		say(http.StatusUnprocessableEntity, "invalid", "some members are wrong; see errors")
		p.Errors = invalid.Faults
	case errors.As(err, &conflict):
		say(http.StatusConflict, "taken", "a value that must be unique is taken")
		p.Errors = []idp.Fault{idp.NewFault(conflict.Field, "is taken")}
	case errors.Is(err, idp.ErrNotFound):
		say(http.StatusNotFound, "not_found", "there is no such record")
	case errors.Is(err, idp.ErrStale):
		say(http.StatusPreconditionFailed, "changed", "the record changed since it was read; read it again")
	case errors.Is(err, idp.ErrLastAdmin):
		say(http.StatusConflict, "last_admin", "this is the last active administrator")
	case errors.Is(err, idp.ErrBuiltIn):
		say(http.StatusConflict, "built_in", "this record is built in and cannot be changed so")
	}
}

// ReadJSON reads the body of a call that is sent as JSON, "" when there is
// none. Further media types are those that the call takes beside application/json.
func ReadJSON(c *gin.Context, further ...string) ([]byte, error) {
	r := c.Request
	if r.ContentLength == 0 {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" && !slices.Contains(further, media) {
		return nil, &InputError{http.StatusUnsupportedMediaType, "the body must be sent as application/json"}
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, &InputError{http.StatusUnsupportedMediaType, "the body must not be compressed"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, r.Body, maxJSON))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, err
	case err != nil:
		return nil, BadInput("the body could not be read")
	case !utf8.Valid(body):
		return nil, BadInput("the body is not UTF-8")
	}
	return body, nil
}
