package api

import (
	"net/http"
	"strconv"
	"time"

	"gatehouse/audit"
	"gatehouse/idp"
	"gatehouse/web"
)

func viewEvent(e *idp.AuditEvent) *idp.AuditEvent {
	shown := *e
	if shown.Changes == nil {
		shown.Changes = []idp.Change{}
	}
	return &shown
}

func (a *API) listAudit(c *call) (*answer, error) {
	list, err := c.page()
	if err != nil {
		return nil, err
	}
	q := idp.AuditQuery{
		ListQuery: list, ActorID: c.query.Get("actor"), TargetID: c.query.Get("target"), PersonID: c.query.Get("person"),
		Action: c.query.Get("action"), Result: idp.AuditResult(c.query.Get("result")), ClientID: c.query.Get("client"),
	}
	if q.Result != "" && q.Result != idp.AuditOK && q.Result != idp.AuditRefused {
		return nil, invalid(fault("result", "must be ok or refused"))
	}
	for _, t := range []struct {
		name string
		into *int64
	}{{"from", &q.From}, {"to", &q.To}} {
		text := c.query.Get(t.name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, invalid(fault(t.name, "must be a time such as 2031-12-31T12:00:00Z"))
		}
		*t.into = at.Unix()
	}
	p, err := a.Audit.QueryAudit(c.ctx(), q)
	if err != nil {
		return nil, err
	}
	return listed(a, c, p, viewEvent), nil
}

func (a *API) readAuditEvent(c *call) (*answer, error) {
	seq, err := strconv.ParseInt(c.param("seq"), 10, 64)
	if err != nil {
		return nil, idp.ErrNotFound
	}
	e, err := a.Audit.AuditEvent(c.ctx(), seq)
	if err != nil {
		return nil, err
	}
	return shown(viewEvent(e)), nil
}

// headView is where the chain of events stands.
type headView struct {
	Anchor   string `json:"anchor"`
	FirstSeq int64  `json:"first_seq"`
	LastSeq  int64  `json:"last_seq"`
	LastHash string `json:"last_hash"`
}

func viewHead(h idp.AuditHead) headView {
	return headView{Anchor: h.Anchor, FirstSeq: h.FirstSeq, LastSeq: h.LastSeq, LastHash: h.LastHash}
}

func (a *API) readAuditHead(c *call) (*answer, error) {
	head, err := a.Audit.AuditHead(c.ctx())
	if err != nil {
		return nil, err
	}
	return shown(viewHead(head)), nil
}

type verifyView struct {
	Checked int64      `json:"checked"` // events
	Intact  bool       `json:"intact"`
	Broken  *breakView `json:"broken"` // null when intact
	Head    headView   `json:"head"`
}

type breakView struct {
	Seq int64  `json:"seq"`
	Why string `json:"why"`
}

// verifyAudit walks the whole chain. One walk at a time is enough.
func (a *API) verifyAudit(c *call) (*answer, error) {
	if !a.verifying.TryLock() {
		return nil, &web.ProblemError{
			Status: http.StatusConflict, Code: "still_running", Detail: "the audit log is being verified; try again in a while",
			RetryAfter: 5 * time.Second,
		}
	}
	defer a.verifying.Unlock()
	r, err := audit.Verify(c.ctx(), a.Audit, nil)
	if err != nil {
		return nil, err
	}
	v := verifyView{Checked: r.Checked, Intact: r.Broken == nil, Head: viewHead(r.Head)}
	if r.Broken != nil {
		v.Broken = &breakView{r.Broken.Seq, r.Broken.Why}
	}
	return shown(v), nil
}
