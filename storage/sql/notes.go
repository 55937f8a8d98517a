package sqlstore

import (
	"context"
	"errors"
	"time"

	"gatehouse/idp"
)

// Notes keeps short-lived notes; it is an idp.NoteStore.
type Notes struct{ db aggregate }

// NewNotes returns the note store of the database.
func NewNotes(db *DB) *Notes { return &Notes{aggregate{db, "notes"}} }

// PutNote implements idp.NoteStore.
func (s *Notes) PutNote(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return s.db.do(ctx, "PutNote", func() error {
		_, err := s.db.write.exec(ctx, `INSERT INTO notes (key, value, expires_at) VALUES ($1, $2, @now + $3)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
			storableKey(key), bytesOf(value), s.db.dialect.duration(ttl))
		return err
	})
}

// AddNote implements idp.NoteStore.
func (s *Notes) AddNote(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, standing []byte, err error) {
	err = s.db.do(ctx, "AddNote", func() error {
		for {
			// A note that has expired is none.
			n, err := s.db.write.exec(ctx, `INSERT INTO notes (key, value, expires_at) VALUES ($1, $2, @now + $3)
				ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
				WHERE notes.expires_at <= @now`,
				storableKey(key), bytesOf(value), s.db.dialect.duration(ttl))
			if err != nil || n > 0 {
				added = n > 0
				return err
			}
			err = first(ctx, s.db.write, into(&standing), `SELECT value FROM notes WHERE key = $1 AND expires_at > @now`, storableKey(key))
			if !errors.Is(err, idp.ErrNotFound) {
				return err
			}
			// It went in between: try for it again.
		}
	})
	return added, standing, err
}

// Note implements idp.NoteStore.
func (s *Notes) Note(ctx context.Context, key string) (value []byte, err error) {
	err = s.db.do(ctx, "Note", func() error {
		return first(ctx, s.db.read, into(&value), `SELECT value FROM notes WHERE key = $1 AND expires_at > @now`, storableKey(key))
	})
	return value, err
}

// TakeNote implements idp.NoteStore.
func (s *Notes) TakeNote(ctx context.Context, key string) (value []byte, err error) {
	err = s.db.do(ctx, "TakeNote", func() error {
		return first(ctx, s.db.write, into(&value), `DELETE FROM notes WHERE key = $1 AND expires_at > @now RETURNING value`, storableKey(key))
	})
	return value, err
}

// DropNote implements idp.NoteStore.
func (s *Notes) DropNote(ctx context.Context, key string) error {
	return absentIsFine(s.db.change(ctx, "DropNote", `DELETE FROM notes WHERE key = $1`, storableKey(key)))
}
