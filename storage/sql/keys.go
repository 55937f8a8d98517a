package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// Keys keeps the signing keys, sealed; it is an idp.KeyStore.
type Keys struct{ db aggregate }

// NewKeys returns the key store of the database.
func NewKeys(db *DB) *Keys { return &Keys{aggregate{db, "keys"}} }

const keyColumns = `kid, alg, predecessor, sealed, sealed_by, public_jwk, created_at, activate_at, revoked_at`

func keyInto(k *idp.SigningKey) scanner {
	return into(&k.KID, &k.Alg, &k.Predecessor, &k.Sealed, &k.SealedBy, &k.PublicJWK,
		timeTo{&k.CreatedAt}, timePtrTo{&k.ActivateAt}, timePtrTo{&k.RevokedAt})
}

// Keys implements idp.KeyStore.
func (s *Keys) Keys(ctx context.Context) ([]*idp.SigningKey, error) {
	return records[idp.SigningKey]{s.db, keyInto}.list(ctx, "Keys",
		`SELECT `+keyColumns+` FROM signing_keys ORDER BY created_at, kid`)
}

// AddKey implements idp.KeyStore.
func (s *Keys) AddKey(ctx context.Context, k *idp.SigningKey) error {
	d := &s.db.dialect
	return s.db.transact(ctx, "AddKey", func(tx runner) error {
		_, err := tx.exec(ctx, `INSERT INTO signing_keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			k.KID, k.Alg, k.Predecessor, k.Sealed, k.SealedBy, string(k.PublicJWK), d.at(k.CreatedAt), d.atPtr(k.ActivateAt), d.atPtr(k.RevokedAt))
		if err != nil {
			return err
		}
		return s.db.record(ctx, tx, event(ctx, idp.ActionKeyCreate, keyTarget(k), diff(keyMembers(new(idp.SigningKey)), keyMembers(k))))
	})
}

// ScheduleKey implements idp.KeyStore.
func (s *Keys) ScheduleKey(ctx context.Context, kid string, at time.Time) error {
	return s.change(ctx, "ScheduleKey", idp.ActionKeyActivate, kid, func(k *idp.SigningKey) (string, error) {
		if k.ActivateAt != nil {
			return "", idp.ErrStale
		}
		k.ActivateAt = &at
		return `UPDATE signing_keys SET activate_at = $2 WHERE kid = $1`, nil
	}, at)
}

// RevokeKey implements idp.KeyStore. A key that was revoked stays so since then.
func (s *Keys) RevokeKey(ctx context.Context, kid string, at time.Time) error {
	return s.change(ctx, "RevokeKey", idp.ActionKeyRevoke, kid, func(k *idp.SigningKey) (string, error) {
		if k.RevokedAt != nil {
			return "", nil
		}
		k.RevokedAt = &at
		return `UPDATE signing_keys SET revoked_at = $2 WHERE kid = $1`, nil
	}, at)
}

// change sets a time of a key with the statement that decide gives for the
// key as it is, if any; decide changes the key that it is shown likewise.
func (s *Keys) change(ctx context.Context, op, action, kid string, decide func(*idp.SigningKey) (string, error), at time.Time) error {
	if !storable(kid) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, op, func(tx runner) error {
		k := new(idp.SigningKey)
		err := first(ctx, tx, keyInto(k), `UPDATE signing_keys SET alg = alg WHERE kid = $1 RETURNING `+keyColumns, kid)
		if err != nil {
			return err
		}
		before := *k
		statement, err := decide(k)
		if err != nil || statement == "" {
			return err
		}
		if _, err := tx.exec(ctx, statement, kid, s.db.dialect.at(at)); err != nil {
			return err
		}
		return s.db.record(ctx, tx, event(ctx, action, keyTarget(k), diff(keyMembers(&before), keyMembers(k))))
	})
}

// ResealKey implements idp.KeyStore. A key that was wiped stays so: ErrStale.
func (s *Keys) ResealKey(ctx context.Context, kid, old string, sealed []byte, sealedBy string) error {
	if !storable(kid) || !storable(old) {
		return idp.ErrStale
	}
	return s.db.do(ctx, "ResealKey", func() error {
		n, err := s.db.write.exec(ctx, `UPDATE signing_keys SET sealed = $3, sealed_by = $4
			WHERE kid = $1 AND sealed_by = $2 AND length(sealed) > 0`, kid, old, sealed, sealedBy)
		if err == nil && n == 0 {
			return idp.ErrStale
		}
		return err
	})
}

// WipeKey implements idp.KeyStore.
func (s *Keys) WipeKey(ctx context.Context, kid string) error {
	if !storable(kid) {
		return nil
	}
	return absentIsFine(s.db.change(ctx, "WipeKey", `UPDATE signing_keys SET sealed = $2 WHERE kid = $1`, kid, []byte{}))
}
