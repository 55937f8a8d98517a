package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
)

const noteKey = "gh:n:"

// PutNote implements idp.NoteStore.
func (s *Store) PutNote(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return s.call(ctx, "notes", "PutNote", func(ctx context.Context) error {
		return s.rdb.Set(ctx, noteKey+key, value, noteLife(ttl)).Err()
	})
}

// AddNote implements idp.NoteStore. It takes a second round trip when there is a note.
func (s *Store) AddNote(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, standing []byte, err error) {
	err = s.call(ctx, "notes", "AddNote", func(ctx context.Context) error {
		for {
			err := s.rdb.SetArgs(ctx, noteKey+key, value, redis.SetArgs{Mode: "NX", TTL: noteLife(ttl)}).Err()
			if !errors.Is(err, redis.Nil) {
				added = err == nil
				return err
			}
			standing, err = s.rdb.Get(ctx, noteKey+key).Bytes()
			if !errors.Is(err, redis.Nil) {
				return err
			}
			// It went in between: try for it again.
		}
	})
	return added, standing, err
}

// Note implements idp.NoteStore.
func (s *Store) Note(ctx context.Context, key string) (value []byte, err error) {
	err = s.call(ctx, "notes", "Note", func(ctx context.Context) error {
		value, err = s.rdb.Get(ctx, noteKey+key).Bytes()
		return absentIs404(err)
	})
	return value, err
}

// TakeNote implements idp.NoteStore.
func (s *Store) TakeNote(ctx context.Context, key string) (value []byte, err error) {
	err = s.call(ctx, "notes", "TakeNote", func(ctx context.Context) error {
		value, err = s.rdb.GetDel(ctx, noteKey+key).Bytes()
		return absentIs404(err)
	})
	return value, err
}

// DropNote implements idp.NoteStore.
func (s *Store) DropNote(ctx context.Context, key string) error {
	return s.call(ctx, "notes", "DropNote", func(ctx context.Context) error {
		return s.rdb.Del(ctx, noteKey+key).Err()
	})
}

// noteLife is how long a note lives: Redis knows no time below a millisecond.
func noteLife(ttl time.Duration) time.Duration { return max(ttl, time.Millisecond) }

func absentIs404(err error) error {
	if errors.Is(err, redis.Nil) {
		return idp.ErrNotFound
	}
	return err
}
