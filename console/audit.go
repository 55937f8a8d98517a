package console

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// auditQuery reads the filters of the audit log from the address. Days are
// days of the person who looks.
func auditQuery(c *gin.Context) (idp.AuditQuery, error) {
	v, err := web.ReadQuery(c.Request)
	if err != nil {
		return idp.AuditQuery{}, err
	}
	q := idp.AuditQuery{
		ListQuery: listQuery(v), ActorID: v.Get("actor"), TargetID: v.Get("target"), PersonID: v.Get("person"),
		Action: v.Get("action"), Result: idp.AuditResult(v.Get("result")), ClientID: v.Get("client"),
	}
	q.Sort = ""
	zone := zoneOf(c)
	if day, err := time.ParseInLocation(time.DateOnly, v.Get("from"), zone); err == nil {
		q.From = day.Unix()
	}
	if day, err := time.ParseInLocation(time.DateOnly, v.Get("to"), zone); err == nil {
		q.To = day.AddDate(0, 0, 1).Unix()
	}
	return q, nil
}

// auditList is GET /admin/audit.
func (k *Console) auditList(c *gin.Context) error {
	ctx := c.Request.Context()
	q, err := auditQuery(c)
	if err != nil {
		return err
	}
	found, err := k.Audit.QueryAudit(ctx, q)
	if err != nil {
		return listAgain(c, err)
	}
	head, err := k.Audit.AuditHead(ctx)
	if err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, pages.AuditPage{
		List: pages.NewListView(c.Request.URL.Path, c.Request.URL.Query(), found), Rows: found.Items,
		Live: liveAddress(c), First: head.FirstSeq, Last: head.LastSeq,
	})
}

// liveAddress is where events that fit the filters come from.
func liveAddress(c *gin.Context) string {
	q := c.Request.URL.Query()
	for _, name := range []string{"after", "before", "n", "sort", "lang", "draft"} {
		q.Del(name)
	}
	return withQuery(web.RouteAdmin+"/audit/events", q)
}

// auditEvent is GET /admin/audit/{seq}: a link that stays.
func (k *Console) auditEvent(c *gin.Context) error {
	seq, err := strconv.ParseInt(c.Param("seq"), 10, 64)
	if err != nil || seq < 1 {
		return web.ErrNoAddress
	}
	e, err := k.Audit.AuditEvent(c.Request.Context(), seq)
	if err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, pages.AuditEventPage{Event: e, Intact: e.Intact()})
}

// auditCSV is GET /admin/audit.csv: what the filters find, as a table.
func (k *Console) auditCSV(c *gin.Context) error {
	q, err := auditQuery(c)
	if err != nil {
		return err
	}
	return k.sendCSV(c, export{
		Name: "audit", Action: idp.ActionAuditExport, Header: auditHeader(), Rows: allRows(k.auditPages(c, q), auditCells),
	})
}

// auditJSON is GET /admin/audit.json: the same as a JSON array, with whole events.
func (k *Console) auditJSON(c *gin.Context) error {
	q, err := auditQuery(c)
	if err != nil {
		return err
	}
	return sendJSON(k, c, export{Name: "audit", Action: idp.ActionAuditExport}, k.auditPages(c, q))
}

func (k *Console) auditPages(c *gin.Context, q idp.AuditQuery) func(after string) (idp.Page[*idp.AuditEvent], error) {
	return fromStart(&q.ListQuery, func() (idp.Page[*idp.AuditEvent], error) { return k.Audit.QueryAudit(c.Request.Context(), q) })
}

// auditHeader names the columns of auditCells, as in JSON.
func auditHeader() []string {
	return []string{
		"seq", "time", "actor_kind", "actor_id", "actor_name", "action", "result", "target_kind", "target_id", "target_name",
		"client_id", "ip", "request_id", "reason", "count", "changes", "prev", "hash",
	}
}

func auditCells(e *idp.AuditEvent) []string {
	changes := ""
	if len(e.Changes) > 0 {
		text, _ := json.Marshal(e.Changes) // texts always encode
		changes = string(text)
	}
	return []string{
		strconv.FormatInt(e.Seq, 10), cellTime(&e.Time), string(e.ActorKind), e.ActorID, e.ActorName, e.Action, string(e.Result),
		e.Target.Kind, e.Target.ID, e.Target.Name, e.ClientID, e.IP, e.RequestID, e.Reason, strconv.Itoa(e.Count), changes, e.Prev, e.Hash,
	}
}
