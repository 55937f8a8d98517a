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
func auditQuery(c *gin.Context) idp.AuditQuery {
	q := idp.AuditQuery{
		ListQuery: listQuery(c.Request.URL.Query()), ActorID: c.Query("actor"), TargetID: c.Query("target"), PersonID: c.Query("person"),
		Action: c.Query("action"), Result: idp.AuditResult(c.Query("result")), ClientID: c.Query("client"),
	}
	q.Sort = ""
	zone := zoneOf(c)
	if day, err := time.ParseInLocation(time.DateOnly, c.Query("from"), zone); err == nil {
		q.From = day.Unix()
	}
	if day, err := time.ParseInLocation(time.DateOnly, c.Query("to"), zone); err == nil {
		q.To = day.AddDate(0, 0, 1).Unix()
	}
	return q
}

// auditList is GET /admin/audit.
func (k *Console) auditList(c *gin.Context) error {
	ctx := c.Request.Context()
	found, err := k.Audit.QueryAudit(ctx, auditQuery(c))
	if err != nil {
		return listAgain(c, c.Request.URL.Query(), err)
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
	at := web.RouteAdmin + "/audit/events"
	if len(q) > 0 {
		at += "?" + q.Encode()
	}
	return at
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
	return k.sendCSV(c, export{
		Name: "audit", Action: idp.ActionAuditExport,
		Header: []string{
			"seq", "time", "actor_kind", "actor_id", "actor_name", "action", "result", "target_kind", "target_id", "target_name",
			"client_id", "ip", "request_id", "reason", "count", "changes", "prev", "hash",
		},
		Rows: everything(k.auditPages(c), auditRow),
	})
}

// auditPages reads the log from page to page.
func (k *Console) auditPages(c *gin.Context) func(after string) (idp.Page[*idp.AuditEvent], error) {
	q := auditQuery(c)
	q.Limit, q.Before = idp.MaxPage, ""
	return func(after string) (idp.Page[*idp.AuditEvent], error) {
		q.After = after
		return k.Audit.QueryAudit(c.Request.Context(), q)
	}
}

func auditRow(e *idp.AuditEvent) []string {
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

// auditJSON is GET /admin/audit.json: the same as a JSON array, with whole events.
func (k *Console) auditJSON(c *gin.Context) error {
	read := k.auditPages(c)
	first, err := read("")
	if err != nil {
		return listAgain(c, c.Request.URL.Query(), err)
	}
	k.Site.Audit.Record(idp.NewEvent(c.Request.Context(), k.Now(), idp.ActionAuditExport,
		idp.Target{Kind: "export", ID: "audit", Name: c.Request.URL.RawQuery}, idp.AuditOK))
	c.Header("Content-Type", "application/json")
	c.Header("Content-Disposition", `attachment; filename="audit-`+k.Now().UTC().Format(time.DateOnly)+`.json"`)
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK)
	return streamJSON(c, first, read)
}

// streamJSON writes a list as one array, page by page. What fails in between
// breaks the answer off, so that nobody takes a part for the whole.
func streamJSON[T any](c *gin.Context, page idp.Page[T], read func(after string) (idp.Page[T], error)) error {
	out := json.NewEncoder(c.Writer)
	separator := "["
	for sent := 0; ; {
		for _, item := range page.Items {
			if _, err := c.Writer.WriteString(separator); err != nil {
				return nil //nolint:nilerr // the reader went away
			}
			if err := out.Encode(item); err != nil {
				return nil //nolint:nilerr // as above
			}
			separator = ","
			sent++
		}
		if page.Next == "" || sent >= MaxRows {
			break
		}
		if err := web.KeepWriting(c, exportTime); err != nil {
			panic(http.ErrAbortHandler)
		}
		c.Writer.Flush()
		var err error
		if page, err = read(page.Next); err != nil {
			web.RecordOf(c).Outcome = "export_broken"
			panic(http.ErrAbortHandler)
		}
	}
	if separator == "[" {
		_, _ = c.Writer.WriteString("[")
	}
	_, _ = c.Writer.WriteString("]\n")
	return nil
}
