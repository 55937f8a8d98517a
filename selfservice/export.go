package selfservice

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// exported is everything that is kept about a person but what happened, which
// follows as the last member. What proves who they are (hashes, handles, grant
// IDs) is no data of theirs to carry about.
type exported struct {
	ExportedAt time.Time         `json:"exported_at"`
	Account    *idp.User         `json:"account"`
	Consents   []*idp.Consent    `json:"consents"`
	Sessions   []exportedSession `json:"sessions"`
	Grants     []exportedGrant   `json:"grants"`
}

type exportedSession struct {
	ID         string    `json:"id"`
	UserAgent  string    `json:"user_agent"`
	IP         string    `json:"ip"`
	CreatedAt  time.Time `json:"created_at"`
	SignedInAt time.Time `json:"signed_in_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

type exportedGrant struct {
	ClientID  string    `json:"client_id"`
	Scope     string    `json:"scope"`
	Offline   bool      `json:"offline"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

type exportedEvent struct {
	Time     time.Time        `json:"time"`
	Action   string           `json:"action"`
	Result   idp.AuditResult  `json:"result"`
	By       pages.ActivityBy `json:"by"`
	Target   string           `json:"target,omitempty"` // somebody's or something's that the person administered
	ClientID string           `json:"client_id,omitempty"`
	IP       string           `json:"ip,omitempty"`
	Changes  []idp.Change     `json:"changes,omitempty"`
	Count    int              `json:"count"`
}

// export is the person's data as a file. All but what happened is read before
// anything is written, so that a store that fails is told.
func (a *SelfService) export(c *gin.Context) error {
	ctx := c.Request.Context()
	all, err := a.gather(c)
	if err != nil {
		return err
	}
	query := idp.AuditQuery{PersonID: all.Account.ID, ListQuery: idp.ListQuery{Limit: idp.MaxPage}}
	first, err := a.Audit.QueryAudit(ctx, query)
	if err != nil {
		return err
	}
	head, err := json.Marshal(all)
	if err != nil {
		return err
	}
	u := all.Account
	a.Site.Audit.Record(idp.NewEvent(ctx, a.Now(), idp.ActionUsersExport, idp.Target{Kind: "user", ID: u.ID, Name: u.Username}, idp.AuditOK))
	c.Header("Content-Type", "application/json")
	c.Header("Content-Disposition", `attachment; filename="`+fileName(u.Username)+`"`)
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK)
	if err := a.stream(ctx, c.Writer, head, query, first); err != nil {
		// Half a file must not look like a whole one: the connection is cut.
		web.RecordOf(c).Fail(err, http.StatusInternalServerError, "export")
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (a *SelfService) gather(c *gin.Context) (*exported, error) {
	ctx := c.Request.Context()
	u, err := a.me(c)
	if err != nil {
		return nil, err
	}
	all := &exported{ExportedAt: a.Now().UTC(), Account: u, Sessions: []exportedSession{}, Grants: []exportedGrant{}}
	if all.Consents, err = a.Consents.ListConsents(ctx, u.ID); err != nil {
		return nil, err
	}
	sessions, err := a.Access.Sessions(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		all.Sessions = append(all.Sessions, exportedSession{
			ID: s.ID, UserAgent: s.UserAgent, IP: s.IP, CreatedAt: s.CreatedAt, SignedInAt: s.AuthTime, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt,
		})
	}
	grants, err := a.Grants.ListUserGrants(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		all.Grants = append(all.Grants, exportedGrant{
			ClientID: g.ClientID, Scope: g.Scope, Offline: g.Offline(), CreatedAt: g.CreatedAt, ExpiresAt: g.ExpiresAt,
		})
	}
	return all, nil
}

// stream writes the head with the events as one more member, a page of them at a time.
func (a *SelfService) stream(ctx context.Context, w http.ResponseWriter, head []byte, q idp.AuditQuery, page idp.Page[*idp.AuditEvent]) error {
	if _, err := fmt.Fprintf(w, "%s,\"activity\":[", head[:len(head)-1]); err != nil {
		return err
	}
	before := "\n"
	for {
		for _, e := range page.Items {
			line, err := json.Marshal(exportEvent(e, q.PersonID))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "%s%s", before, line); err != nil {
				return err
			}
			before = ",\n"
		}
		if page.Next == "" {
			break
		}
		var err error
		q.After = page.Next
		if page, err = a.Audit.QueryAudit(ctx, q); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(w, "]}\n")
	return err
}

// exportEvent leaves out who else acted and from where, as activityRow does.
func exportEvent(e *idp.AuditEvent, userID string) exportedEvent {
	x := exportedEvent{
		Time: e.Time, Action: e.Action, Result: e.Result, By: by(e, userID), Target: subject(e, userID), ClientID: e.ClientID, Count: e.Count,
	}
	if x.By == pages.BySelf || x.By == pages.ByStranger {
		x.IP = e.IP
	}
	if x.Target == "" { // what they changed of others is not about them
		x.Changes = e.Changes
	}
	return x
}

// fileName keeps of a username what every file system takes.
func fileName(username string) string {
	return "account-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, username) + ".json"
}
