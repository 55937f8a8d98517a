package redisstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
	"gatehouse/storage/keyset"
)

// The lists across people: everything that lives, scored by its end. They serve
// those who look and are read leniently; what decides is the record. A list that cannot be
// written fails no call.
const (
	liveGrants   = "gh:lg"
	liveSessions = "gh:ls"
)

// How far one page is looked for: in so many rounds of so many names.
const (
	liveRounds = 8
	liveBatch  = 250
)

// endsIn writes a name into a list of what lives; if move, only if it is there.
func endsIn(ctx context.Context, p redis.Pipeliner, list, name string, left time.Duration, move bool) {
	onlyListed := ""
	if move {
		onlyListed = "1"
	}
	listLive.Eval(ctx, p, []string{list}, name, min(left, longestLife).Microseconds(), onlyListed)
}

// QuerySessions implements idp.SessionStore. A cursor holds the digest of a
// session's handle, which is no secret.
func (s *Store) QuerySessions(ctx context.Context, q idp.SessionQuery) (page idp.Page[*idp.Session], err error) {
	r, err := readRequest(q.ListQuery, "-ends_at")
	if err != nil {
		return page, err
	}
	err = s.call(ctx, "sessions", "QuerySessions", func(ctx context.Context) error {
		page, err = readLive(ctx, s, r, liveList[idp.Session]{name: liveSessions, record: sessionKey, decode: decodeSession})
		if err != nil {
			return err
		}
		page.Total, err = s.countLive(ctx, liveSessions)
		page.More, page.Total = page.Total > idp.MaxCount, min(page.Total, idp.MaxCount)
		return err
	})
	return page, err
}

// CountSessions implements idp.SessionStore.
func (s *Store) CountSessions(ctx context.Context) (n int, err error) {
	err = s.call(ctx, "sessions", "CountSessions", func(ctx context.Context) error {
		n, err = s.countLive(ctx, liveSessions)
		return err
	})
	return n, err
}

func (s *Store) countLive(ctx context.Context, list string) (int, error) {
	n, err := s.rdb.ZCount(ctx, list, "("+strconv.FormatInt(time.Now().UnixMicro(), 10), "+inf").Result()
	return int(n), err
}

// QueryGrants implements idp.GrantStore. It counts all grants and those of a
// person, but not those of a client; all is about right, since the end of a grant
// that was cut short is not in the list.
func (s *Store) QueryGrants(ctx context.Context, q idp.GrantQuery) (page idp.Page[*idp.Grant], err error) {
	r, err := readRequest(q.ListQuery, "-expires_at")
	if err != nil {
		return page, err
	}
	err = s.call(ctx, "grants", "QueryGrants", func(ctx context.Context) error {
		if q.UserID != "" {
			page, err = s.grantsOf(ctx, r, q.UserID, q.ClientID)
			return err
		}
		list := liveList[idp.Grant]{name: liveGrants, record: grantKey, decode: decodeGrant}
		if q.ClientID != "" {
			list.matches = func(g *idp.Grant) bool { return g.ClientID == q.ClientID }
		}
		page, err = readLive(ctx, s, r, list)
		if err != nil || q.ClientID != "" {
			page.Total = -1
			return err
		}
		page.Total, err = s.countLive(ctx, liveGrants)
		page.More, page.Total = page.Total > idp.MaxCount, min(page.Total, idp.MaxCount)
		return err
	})
	return page, err
}

// grantsOf pages through the grants of one person, who has few.
func (s *Store) grantsOf(ctx context.Context, r keyset.Request, userID, clientID string) (idp.Page[*idp.Grant], error) {
	names, err := s.rdb.ZRevRange(ctx, userGrantsKey+userID, 0, -1).Result()
	if err != nil {
		return idp.Page[*idp.Grant]{}, err
	}
	all, err := readAll(ctx, s, grantKey, names, decodeGrant)
	if err != nil {
		return idp.Page[*idp.Grant]{}, err
	}
	all = slices.DeleteFunc(all, func(g *idp.Grant) bool { return clientID != "" && g.ClientID != clientID })
	slices.SortFunc(all, func(a, b *idp.Grant) int {
		return cmp.Or(b.ExpiresAt.Compare(a.ExpiresAt), cmp.Compare(b.ID, a.ID))
	})
	total := len(all)
	if r.Back {
		slices.Reverse(all)
	}
	var items []*idp.Grant
	var marks []keyset.Mark
	for _, g := range all {
		e := ending{g.ID, g.ExpiresAt.UnixMicro()}
		if e.beyond(r) && len(items) <= r.Limit {
			items, marks = append(items, g), append(marks, e.mark())
		}
	}
	page := keyset.Build(r, items, marks, nil)
	page.Total, page.More = min(total, idp.MaxCount), total > idp.MaxCount
	return page, nil
}

// ending is an entry of a list of what lives.
type ending struct {
	name string
	end  int64
}

func (e ending) mark() keyset.Mark {
	return keyset.Mark{Value: strconv.FormatInt(e.end, 10), ID: e.name}
}

// beyond reports whether the entry comes after the place from which a page is read.
func (e ending) beyond(r keyset.Request) bool {
	if r.From == nil {
		return true
	}
	end, _ := strconv.ParseInt(r.From.Value, 10, 64) // readRequest has looked at it
	order := cmp.Or(cmp.Compare(e.end, end), cmp.Compare(e.name, r.From.ID))
	return r.Back && order > 0 || !r.Back && order < 0
}

// readRequest is keyset.Read for a list that is sorted by a time.
func readRequest(q idp.ListQuery, sort string) (keyset.Request, error) {
	r, err := keyset.Read(q, sort)
	if err != nil || r.From == nil {
		return r, err
	}
	if end, err := strconv.ParseInt(r.From.Value, 10, 64); err != nil || end < 0 || end > maxGeneration {
		return r, r.Broken()
	}
	return r, nil
}

// liveList is one of the lists and what its names stand for.
type liveList[T any] struct {
	name, record string
	decode       func(name string, reply any) (*T, error)
	matches      func(*T) bool // nil for all
}

// readLive reads one page. Names whose record is gone are taken off the list.
func readLive[T any](ctx context.Context, s *Store, r keyset.Request, l liveList[T]) (idp.Page[*T], error) {
	var items []*T
	var marks []keyset.Mark
	var reached *keyset.Mark
	seen := 0
	for range liveRounds {
		batch := max(r.Limit+1, liveBatch)
		entries, err := s.readEndings(ctx, l.name, r, seen, batch)
		if err != nil {
			return idp.Page[*T]{}, err
		}
		seen += len(entries)
		more := len(entries) == batch
		entries = slices.DeleteFunc(entries, func(e ending) bool { return !e.beyond(r) })
		found, err := readEntries(ctx, s, l, entries)
		if err != nil {
			return idp.Page[*T]{}, err
		}
		for i, one := range found {
			if one != nil && len(items) <= r.Limit {
				items, marks = append(items, one), append(marks, entries[i].mark())
			}
		}
		if !more || len(items) > r.Limit {
			reached = nil
			break
		}
		if len(entries) > 0 {
			m := entries[len(entries)-1].mark()
			reached = &m
		}
	}
	return keyset.Build(r, items, marks, reached), nil
}

// readEndings reads up to n entries from where the page begins, after so many that were read before.
func (s *Store) readEndings(ctx context.Context, list string, r keyset.Request, skip, n int) ([]ending, error) {
	ended, latest := "("+strconv.FormatInt(time.Now().UnixMicro(), 10), "+inf"
	if r.From != nil && r.Back {
		ended = r.From.Value
	} else if r.From != nil {
		latest = r.From.Value
	}
	z := redis.ZRangeArgs{Key: list, ByScore: true, Offset: int64(skip), Count: int64(n), Start: ended, Stop: latest}
	if !r.Back {
		z.Rev, z.Start, z.Stop = true, latest, ended
	}
	scored, err := s.rdb.ZRangeArgsWithScores(ctx, z).Result()
	if err != nil {
		return nil, err
	}
	entries := make([]ending, len(scored))
	for i, e := range scored {
		name, _ := e.Member.(string)
		entries[i] = ending{name, int64(e.Score)}
	}
	return entries, nil
}

// readEntries reads the records of the entries, in one round trip; nil for one that is gone or does not match.
func readEntries[T any](ctx context.Context, s *Store, l liveList[T], entries []ending) ([]*T, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	replies := make([]*redis.Cmd, len(entries))
	err := s.pipeline(ctx, func(p redis.Pipeliner) {
		for i, e := range entries {
			replies[i] = p.Do(ctx, "hgetall", l.record+e.name)
		}
	})
	if err != nil {
		return nil, err
	}
	found := make([]*T, len(entries))
	var gone []any
	for i, e := range entries {
		one, err := l.decode(e.name, replies[i].Val())
		switch {
		case errors.Is(err, idp.ErrNotFound):
			gone = append(gone, e.name)
		case err != nil:
			return nil, err
		case l.matches == nil || l.matches(one):
			found[i] = one
		}
	}
	if len(gone) > 0 {
		s.rdb.ZRem(ctx, l.name, gone...) // what fails is left to the next time
	}
	return found, nil
}
