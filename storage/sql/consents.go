package sqlstore

import (
	"context"
	"slices"
	"time"

	"gatehouse/idp"
)

// Consents keeps what people allowed; it is an idp.ConsentStore.
type Consents struct{ db aggregate }

// NewConsents returns the consent store of the database.
func NewConsents(db *DB) *Consents { return &Consents{aggregate{db, "consents"}} }

const consentColumns = `user_id, client_id, scopes, granted_at, updated_at`

func consentInto(c *idp.Consent) scanner {
	return into(&c.UserID, &c.ClientID, jsonTo{&c.Scopes}, timeTo{&c.GrantedAt}, timeTo{&c.UpdatedAt})
}

// Consent implements idp.ConsentStore.
func (s *Consents) Consent(ctx context.Context, userID, clientID string) (*idp.Consent, error) {
	if !isID(userID) || !storable(clientID) {
		return nil, idp.ErrNotFound
	}
	return records[idp.Consent]{s.db, consentInto}.one(ctx, "Consent",
		`SELECT `+consentColumns+` FROM consents WHERE user_id = $1 AND client_id = $2`, userID, clientID)
}

// AddConsent implements idp.ConsentStore; idp.ErrNotFound when there is no such user or client.
func (s *Consents) AddConsent(ctx context.Context, userID, clientID string, scopes []string, at time.Time) error {
	if !isID(userID) || !storable(clientID) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, "AddConsent", func(tx runner) error {
		// 1. Make sure of the row and hold it: whoever adds next waits here.
		var known []string
		err := first(ctx, tx, into(jsonTo{&known}), `INSERT INTO consents (`+consentColumns+`)
			VALUES ($1, $2, '[]', $3, $3)
			ON CONFLICT (user_id, client_id) DO UPDATE SET updated_at = excluded.updated_at
			RETURNING scopes`, userID, clientID, s.db.dialect.at(at))
		if err != nil && s.db.dialect.explain(err) == faultForeignKey {
			return idp.ErrNotFound
		}
		if err != nil {
			return err
		}
		// 2. Add what is new.
		all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(known, scopes))))
		_, err = tx.exec(ctx, `UPDATE consents SET scopes = $3 WHERE user_id = $1 AND client_id = $2`, userID, clientID, asList(all))
		if err != nil {
			return err
		}
		return s.changed(ctx, tx, idp.ActionConsentGive, userID, clientID, idp.Change{Field: "scope", Before: listText(known), After: listText(all)})
	})
}

// RemoveConsent implements idp.ConsentStore.
func (s *Consents) RemoveConsent(ctx context.Context, userID, clientID string) error {
	if !isID(userID) || !storable(clientID) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, "RemoveConsent", func(tx runner) error {
		var known []string
		err := first(ctx, tx, into(jsonTo{&known}), `DELETE FROM consents WHERE user_id = $1 AND client_id = $2 RETURNING scopes`, userID, clientID)
		if err != nil {
			return err
		}
		return s.changed(ctx, tx, idp.ActionConsentRemove, userID, clientID, idp.Change{Field: "scope", Before: listText(known)})
	})
}

// changed records a change of what a user allows a client. The event is about
// the user, so that it is among what was done to that person, and names the client.
func (s *Consents) changed(ctx context.Context, tx runner, action, userID, clientID string, c idp.Change) error {
	if c.Before == c.After && action == idp.ActionConsentGive {
		return nil
	}
	t := idp.Target{Kind: "consent", ID: userID}
	if err := first(ctx, tx, into(&t.Name), `SELECT username FROM users WHERE id = $1`, userID); err != nil {
		return err
	}
	e := event(ctx, action, t, []idp.Change{c})
	e.ClientID = clientID
	return s.db.record(ctx, tx, e)
}

// ListConsents implements idp.ConsentStore.
func (s *Consents) ListConsents(ctx context.Context, userID string) ([]*idp.Consent, error) {
	if !isID(userID) {
		return []*idp.Consent{}, nil
	}
	return records[idp.Consent]{s.db, consentInto}.list(ctx, "ListConsents",
		`SELECT `+consentColumns+` FROM consents WHERE user_id = $1 ORDER BY client_id`, userID)
}

// CountConsents implements idp.ConsentStore.
func (s *Consents) CountConsents(ctx context.Context, clientID string) (int, error) {
	if !storable(clientID) {
		return 0, nil
	}
	var n int
	err := s.db.do(ctx, "CountConsents", func() error {
		return first(ctx, s.db.read, into(&n), `SELECT count(*) FROM consents WHERE client_id = $1`, clientID)
	})
	return n, err
}
