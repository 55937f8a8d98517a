package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// Live events. A stream tells how many audit events came that fit its filters;
// the page offers to show them, and moves nothing by itself.
const (
	livePoll      = 2 * time.Second
	liveHeartbeat = 20 * time.Second
	liveRecheck   = time.Minute
	liveBatch     = 200
	maxStreams    = 100
	maxOwnStreams = 20 // of one person, so that nobody takes them all
)

// streams counts the open ones, by person.
type streams struct {
	mu   sync.Mutex
	all  int
	each map[string]int
}

func (s *streams) enter(userID string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.each[userID] >= maxOwnStreams {
		return nil, false
	}
	if s.each == nil {
		s.each = map[string]int{}
	}
	s.all++
	s.each[userID]++
	return func() { s.leave(userID) }, true
}

func (s *streams) leave(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.each[userID]--; s.each[userID] == 0 {
		delete(s.each, userID)
	}
}

// overviewEvents is GET /admin/overview/events.
func (k *Console) overviewEvents(c *gin.Context) error {
	if !web.Person(c).User.Permissions.MaySeeAll() {
		return web.RefusePage(http.StatusForbidden, pages.ErrorForbidden)
	}
	return k.live(c, idp.AuditQuery{})
}

// auditEvents is GET /admin/audit/events, with the filters of the list.
func (k *Console) auditEvents(c *gin.Context) error {
	q, err := auditQuery(c)
	if err != nil {
		return err
	}
	return k.live(c, q)
}

// live is a stream of events (HTML Living Standard §9.2) until the reader
// leaves, the program stops, or the person may no longer look.
func (k *Console) live(c *gin.Context, q idp.AuditQuery) error {
	leave, ok := k.streams.enter(web.Person(c).User.ID)
	if !ok {
		return fmt.Errorf("%w: too many live views", idp.ErrUnavailable)
	}
	defer leave()
	ctx := c.Request.Context()
	seq, err := k.liveStart(ctx, cmp.Or(c.GetHeader("Last-Event-ID"), c.Query("last")))
	if err != nil {
		return err
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no") // proxies pass it on as it comes
	c.Status(http.StatusOK)
	if !say(c, "retry: 5000\n\n") {
		return nil
	}
	poll, beat, check := time.NewTicker(livePoll), time.NewTicker(liveHeartbeat), time.NewTicker(liveRecheck)
	defer poll.Stop()
	defer beat.Stop()
	defer check.Stop()
	for {
		goes := true
		select {
		case <-ctx.Done():
			return nil
		case <-k.Closing:
			return nil
		case <-check.C:
			goes = k.stillMay(ctx, web.Person(c))
		case <-beat.C:
			goes = say(c, ": still here\n\n")
		case <-poll.C:
			seq, goes = k.tellNew(c, q, seq)
		}
		if !goes {
			return nil
		}
	}
}

// liveStart is the event after which to begin: the last that the page was told
// of, which the browser sends after a broken connection and our script when a
// hidden page is shown again.
func (k *Console) liveStart(ctx context.Context, last string) (int64, error) {
	if n, err := strconv.ParseInt(last, 10, 64); err == nil && n >= 0 {
		return n, nil
	}
	head, err := k.Audit.AuditHead(ctx)
	return head.LastSeq, err
}

// tellNew tells of events after seq and returns the last one seen. While the
// store does not answer, nothing is told.
func (k *Console) tellNew(c *gin.Context, q idp.AuditQuery, seq int64) (int64, bool) {
	events, err := k.Audit.AuditAfter(c.Request.Context(), seq, liveBatch)
	if err != nil || len(events) == 0 {
		return seq, true
	}
	n := 0
	for _, e := range events {
		if fits(q, e) {
			n++
		}
	}
	seq = events[len(events)-1].Seq
	if n == 0 {
		return seq, true
	}
	return seq, say(c, fmt.Sprintf("id: %d\ndata: %d\n\n", seq, n))
}

// fits is the filter of the list for one event.
func fits(q idp.AuditQuery, e *idp.AuditEvent) bool {
	action := q.Action == "" || e.Action == q.Action || strings.HasSuffix(q.Action, ".") && strings.HasPrefix(e.Action, q.Action)
	text := strings.ToLower(strings.Join([]string{e.ActorName, e.ActorID, e.Target.Name, e.Target.ID}, "\x00"))
	return action &&
		(q.Result == "" || e.Result == q.Result) &&
		(q.ActorID == "" || e.ActorID == q.ActorID) &&
		(q.TargetID == "" || e.Target.ID == q.TargetID) &&
		(q.PersonID == "" || e.ActorID == q.PersonID || e.Target.ID == q.PersonID) &&
		(q.ClientID == "" || e.ClientID == q.ClientID) &&
		strings.Contains(text, strings.ToLower(q.Text))
}

// stillMay reads the session and the person again. It does not count as use: a
// page left open keeps nobody signed in.
func (k *Console) stillMay(ctx context.Context, who web.SignedIn) bool {
	_, err := k.Sessions.Session(ctx, who.Session.Digest)
	if errors.Is(err, idp.ErrUnavailable) {
		return true // asked again in a minute; meanwhile counts alone are told
	}
	if err != nil {
		return false
	}
	u, err := k.Users.Find(ctx, who.User.ID)
	return err == nil && u.MayAuthenticate(k.Now()) && u.Permissions.MaySeeAll()
}

// say writes a piece of the stream and reports whether it went out.
func say(c *gin.Context, text string) bool {
	if err := web.KeepWriting(c, liveHeartbeat); err != nil {
		return false
	}
	if _, err := c.Writer.WriteString(text); err != nil {
		return false
	}
	c.Writer.Flush()
	return true
}
