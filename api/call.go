package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/web"
)

// call is one request on its way to its handler.
type call struct {
	gin    *gin.Context
	route  *route
	bearer *oauth.Bearer // nil for a stranger
	may    idp.Permissions
	query  url.Values
	body   []byte
	match  condition // If-Match
	// own says that the address names the caller's own record, and the token reaches it as such.
	own bool
}

func (c *call) ctx() context.Context { return c.gin.Request.Context() }

func (c *call) record() *web.Record { return web.RecordOf(c.gin) }

// param is a part of the path.
func (c *call) param(name string) string { return c.gin.Param(name) }

// caller stands for who calls, in limits and notes.
func (c *call) caller() string {
	switch {
	case c.bearer == nil:
		return "network:" + web.Network(c.record().IP)
	case c.bearer.User != nil:
		return "user:" + c.bearer.User.ID
	}
	return "client:" + c.bearer.Client.ID
}

// isSelf reports whether the ID is the calling person's.
func (c *call) isSelf(userID string) bool {
	return c.bearer != nil && c.bearer.User != nil && c.bearer.User.ID == userID
}

// person is whom {id} names: an ID, or "me". "" names nobody there can be.
func (c *call) person() string {
	id := c.param("id")
	if id == "me" {
		if c.bearer.User == nil {
			return ""
		}
		return c.bearer.User.ID
	}
	if u, err := uuid.Parse(id); err != nil || u.String() != id {
		return "" // other spellings of a UUID would be other names of one record
	}
	return id
}

// members reads the body and refuses what the call does not take.
func (c *call) members(names ...string) (members, error) {
	m, err := parseMembers(c.body)
	if err != nil {
		return nil, err
	}
	return m, m.only(names...)
}

// answer is what a handler returns: a record or list, and what the headers say of it.
type answer struct {
	status   int       // 0 is 200, or 204 without a body
	body     any       // nil for none
	version  time.Time // of the record, for its entity tag; zero for none
	location string    // of a record that was made
	links    []string
	headers  map[string]string
}

// shown answers with a value that has no version.
func shown(body any) *answer { return &answer{body: body} }

// versioned answers with a record.
func versioned(body any, version time.Time) *answer {
	return &answer{body: body, version: version}
}

// created answers with a record that was made.
func created(location string, body any, version time.Time) *answer {
	return &answer{status: http.StatusCreated, body: body, version: version, location: location}
}

// nothing answers that it is done.
func nothing() *answer { return &answer{} }

// reply is an answer in the form in which it is sent, and kept for a repetition.
type reply struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Links  []string          `json:"links,omitempty"`
	Body   []byte            `json:"body,omitempty"`
}

func (w *answer) render() (*reply, error) {
	r := &reply{Status: w.status, Header: map[string]string{}, Links: w.links}
	for name, value := range w.headers {
		r.Header[name] = value
	}
	if w.location != "" {
		r.Header["Location"] = w.location
	}
	if w.body == nil {
		if r.Status == 0 {
			r.Status = http.StatusNoContent
		}
		return r, nil
	}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	var err error
	if r.Body, err = json.Marshal(w.body); err != nil {
		return nil, err
	}
	r.Header["Content-Type"] = "application/json"
	if !w.version.IsZero() {
		r.Header["ETag"] = entityTag(w.version, r.Body)
	}
	return r, nil
}

// send writes the reply, or 304 when the caller has it (RFC 9110 §13.1.2).
func (r *reply) send(c *gin.Context, have condition) {
	tag := r.Header["ETag"]
	if c.Request.Method == http.MethodGet && tag != "" && have.sent && have.fresh(tag) {
		c.Header("ETag", tag)
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return
	}
	for name, value := range r.Header {
		c.Header(name, value)
	}
	if len(r.Links) > 0 {
		c.Header("Link", strings.Join(r.Links, ", "))
	}
	c.Status(r.Status)
	if len(r.Body) == 0 {
		c.Writer.WriteHeaderNow()
		return
	}
	_, _ = c.Writer.Write(r.Body) // a caller that went away is no error of ours
}

// bearerToken is the token of the Authorization header (RFC 6750 §2.1), "" for
// none. It is the only place where one is looked for.
func bearerToken(r *http.Request) string {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// known refuses parameters of the address that the call does not take: a
// misspelt filter must not show everything.
func known(query url.Values, names []string) error {
	var faults []idp.Fault
	for name, values := range query {
		switch {
		case !slices.Contains(names, name):
			faults = append(faults, fault(name, "is not a parameter that this call takes"))
		case len(values) > 1:
			faults = append(faults, fault(name, "was sent more than once"))
		}
	}
	slices.SortFunc(faults, func(a, b idp.Fault) int { return strings.Compare(a.Field, b.Field) })
	return invalid(faults...)
}
