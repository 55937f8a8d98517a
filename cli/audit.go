package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/audit"
	"gatehouse/idp"
	"gatehouse/server"
)

func (a *App) audit() *cobra.Command {
	return group("audit", "Look into the audit log", a.auditList(), a.auditVerify())
}

// verified is the JSON of audit verify.
type verified struct {
	OK       bool         `json:"ok"`
	Checked  int64        `json:"checked"`
	FirstSeq int64        `json:"first_seq"`
	Head     string       `json:"head"` // SEQ:HASH; "" while nothing was ever recorded
	Broken   *brokenEvent `json:"broken"`
}

type brokenEvent struct {
	Seq int64  `json:"seq"`
	Why string `json:"why"`
}

func (a *App) auditVerify() *cobra.Command {
	var noted string
	c := &cobra.Command{
		Use: "verify", Short: "Check that no event of the audit log was changed or taken out", Args: noArgs,
		Long: `Walk through the audit log and check that each event is as it was written and
follows the one before it. The head that is printed, SEQ:HASH, is worth noting
somewhere else: given back with --head, it shows that everything up to there is
still the same. Without it, whoever can write to the database could have made
the whole log anew. Exit code 1 when the log is broken.`,
		Example: "  gatehouse audit verify\n  gatehouse audit verify --head 1042:9f86d081884c7d65…",
	}
	c.Flags().StringVar(&noted, "head", "", "`SEQ:HASH` as printed by an earlier run")
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
		seq, hash, err := parseHead(noted)
		if err != nil {
			return err
		}
		tell, done := a.progress("verify", -1)
		report, err := audit.Verify(ctx, admin.Audit, func(checked, _ int64) { tell(int(checked)) })
		done()
		if err != nil {
			return err
		}
		v := verified{Checked: report.Checked, FirstSeq: report.Head.FirstSeq, Broken: (*brokenEvent)(report.Broken)}
		if report.Head.LastSeq > 0 {
			v.Head = fmt.Sprintf("%d:%s", report.Head.LastSeq, report.Head.LastHash)
		}
		if v.Broken == nil && noted != "" {
			if v.Broken, err = compareHead(ctx, admin.Audit, report.Head, seq, hash); err != nil {
				return err
			}
		}
		v.OK = v.Broken == nil
		return a.printVerified(v)
	})
	return c
}

func (a *App) printVerified(v verified) error {
	if err := a.print(v, func(w io.Writer) {
		field(w, "checked", strconv.FormatInt(v.Checked, 10))
		if v.OK {
			field(w, "head", v.Head)
			fmt.Fprintln(w, "The log is whole.")
		}
	}); err != nil {
		return err
	}
	if v.OK {
		return nil
	}
	return errors.New("the audit log is broken: " + v.Broken.Why)
}

// parseHead reads SEQ:HASH, "" for none.
func parseHead(text string) (seq int64, hash string, err error) {
	if text == "" {
		return 0, "", nil
	}
	number, hash, _ := strings.Cut(text, ":")
	seq, err = strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 1 || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return 0, "", misuse("--head must be SEQ:HASH as gatehouse audit verify prints it, not %q", text)
	}
	return seq, hash, nil
}

// compareHead says whether the log, which is whole by itself, holds the head
// that was noted. The error tells that nobody can know, or is the store's.
func compareHead(ctx context.Context, log idp.AuditStore, head idp.AuditHead, seq int64, hash string) (*brokenEvent, error) {
	var found string
	switch {
	case seq > head.LastSeq:
		return &brokenEvent{seq, fmt.Sprintf("event %d was there, and the log now ends with event %d", seq, head.LastSeq)}, nil
	case seq == head.FirstSeq-1:
		found = head.Anchor
	case seq < head.FirstSeq:
		return nil, fmt.Errorf("event %d is older than the log keeps, which begins with event %d; note a later head", seq, head.FirstSeq)
	default:
		e, err := log.AuditEvent(ctx, seq)
		if err != nil {
			return nil, missing(err, "event", strconv.FormatInt(seq, 10))
		}
		found = e.Hash
	}
	if found == hash {
		return nil, nil
	}
	return &brokenEvent{seq, fmt.Sprintf("event %d is not the one whose head was noted", seq)}, nil
}

func (a *App) auditList() *cobra.Command {
	var since time.Duration
	var q idp.AuditQuery
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "Show the latest events", Args: noArgs,
		Example: "  gatehouse audit list --since 24h --action user.",
	}
	c.Flags().DurationVar(&since, "since", 0, "only events of so long until now, such as 24h")
	c.Flags().StringVar(&q.Action, "action", "", "only this action, such as user.create; one that ends with a dot is the beginning of several")
	c.Flags().IntVar(&limit, "limit", 100, "at most so many; 0 for all")
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
		switch {
		case since < 0:
			return misuse("--since must not be negative")
		case limit < 0:
			return misuse("--limit must not be negative")
		case since > 0:
			q.From = time.Now().Add(-since).Unix()
		}
		events, err := latestEvents(ctx, admin.Audit, q, limit)
		if err != nil {
			return err
		}
		return a.print(events, func(w io.Writer) {
			row(w, "SEQ", "TIME", "ACTOR", "ACTION", "TARGET", "RESULT", "IP")
			for _, e := range events {
				row(w, strconv.FormatInt(e.Seq, 10), when(&e.Time), actorText(e), e.Action, targetText(e.Target), string(e.Result), printable(e.IP))
			}
		})
	})
	return c
}

// latestEvents reads page by page until there are as many as wanted.
func latestEvents(ctx context.Context, log idp.AuditStore, q idp.AuditQuery, limit int) ([]*idp.AuditEvent, error) {
	events := []*idp.AuditEvent{}
	for {
		q.Limit = idp.MaxPage
		if limit > 0 {
			q.Limit = min(idp.MaxPage, limit-len(events))
		}
		page, err := log.QueryAudit(ctx, q)
		if err != nil {
			return nil, err
		}
		events = append(events, page.Items...)
		if q.After = page.Next; q.After == "" || limit > 0 && len(events) >= limit {
			return events, nil
		}
	}
}

func actorText(e *idp.AuditEvent) string {
	return strings.TrimSpace(string(e.ActorKind) + " " + printable(e.ActorName))
}

func targetText(t idp.Target) string {
	name := t.Name
	if name == "" {
		name = t.ID
	}
	return strings.TrimSpace(t.Kind + " " + printable(name))
}
