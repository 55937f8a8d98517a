package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"gatehouse/idp"
)

const interactionKey = "gh:i:"

// interactionFacts is an interaction without its id, its version and the
// request, which has a field of its own since it is bytes.
type interactionFacts struct {
	Browser         string               `json:"b,omitempty"`
	State           idp.InteractionState `json:"s"`
	UserID          string               `json:"u,omitempty"`
	SessionID       string               `json:"i,omitempty"`
	Scopes          []string             `json:"p,omitempty"`
	Login           string               `json:"l,omitempty"`
	Notice          string               `json:"n,omitempty"`
	Reauthenticated int64                `json:"r,omitempty"`
	AccountChosen   bool                 `json:"c,omitempty"`
	Next            string               `json:"x,omitempty"`
	CreatedAt       time.Time            `json:"t"`
	ExpiresAt       time.Time            `json:"e"`
}

// CreateInteraction implements idp.InteractionStore.
func (s *Store) CreateInteraction(ctx context.Context, in *idp.Interaction) error {
	return s.call(ctx, "interactions", "CreateInteraction", func(ctx context.Context) error {
		facts, err := encodeInteraction(in)
		if err != nil {
			return err
		}
		err = created(s.run(ctx, createRecord, interactionKey+in.ID, in.ExpiresAt.UnixMilli(), "v", 1, "j", facts, "q", in.Request))
		if err == nil {
			in.Version = 1
		}
		return err
	})
}

// Interaction implements idp.InteractionStore.
func (s *Store) Interaction(ctx context.Context, id string) (in *idp.Interaction, err error) {
	err = s.call(ctx, "interactions", "Interaction", func(ctx context.Context) error {
		reply, err := s.rdb.Do(ctx, "hgetall", interactionKey+id).Result()
		if err != nil {
			return err
		}
		in, err = decodeInteraction(id, reply)
		return err
	})
	return in, err
}

// UpdateInteraction implements idp.InteractionStore.
func (s *Store) UpdateInteraction(ctx context.Context, in *idp.Interaction) error {
	return s.call(ctx, "interactions", "UpdateInteraction", func(ctx context.Context) error {
		facts, err := encodeInteraction(in)
		if err != nil {
			return err
		}
		result, err := s.run(ctx, updateInteraction, interactionKey+in.ID, in.Version, in.ExpiresAt.UnixMilli(),
			"j", facts, "q", in.Request).Int64()
		if err != nil {
			return err
		}
		if err := outcome(result, idp.ErrStale); err != nil {
			return err
		}
		in.Version++
		return nil
	})
}

func encodeInteraction(in *idp.Interaction) ([]byte, error) {
	return json.Marshal(interactionFacts{
		Browser: in.Browser, State: in.State, UserID: in.UserID, SessionID: in.SessionID, Scopes: in.Scopes,
		Login: in.Login, Notice: in.Notice, Reauthenticated: in.Reauthenticated, AccountChosen: in.AccountChosen,
		Next: in.Next, CreatedAt: in.CreatedAt.UTC(), ExpiresAt: in.ExpiresAt.UTC(),
	})
}

func decodeInteraction(id string, reply any) (*idp.Interaction, error) {
	in := &idp.Interaction{ID: id}
	err := fields(reply, func(name, value string) (err error) {
		switch name {
		case "v":
			in.Version, err = strconv.ParseInt(value, 10, 64)
		case "q":
			if value != "" {
				in.Request = []byte(value)
			}
		case "j":
			var f interactionFacts
			err = json.Unmarshal([]byte(value), &f)
			in.Browser, in.State, in.UserID, in.SessionID, in.Scopes = f.Browser, f.State, f.UserID, f.SessionID, f.Scopes
			in.Login, in.Notice, in.Reauthenticated, in.AccountChosen = f.Login, f.Notice, f.Reauthenticated, f.AccountChosen
			in.Next, in.CreatedAt, in.ExpiresAt = f.Next, f.CreatedAt, f.ExpiresAt
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read interaction: %w", err)
	}
	if in.Version == 0 {
		return nil, idp.ErrNotFound
	}
	return in, nil
}
