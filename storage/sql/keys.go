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

const keyColumns = `kid, alg, predecessor, sealed, sealed_by, public_jwk, created_at, activate_at`

func keyInto(k *idp.SigningKey) scanner {
	return into(&k.KID, &k.Alg, &k.Predecessor, &k.Sealed, &k.SealedBy, &k.PublicJWK,
		timeTo{&k.CreatedAt}, timePtrTo{&k.ActivateAt})
}

// Keys implements idp.KeyStore.
func (s *Keys) Keys(ctx context.Context) ([]*idp.SigningKey, error) {
	return records[idp.SigningKey]{s.db, keyInto}.list(ctx, "Keys",
		`SELECT `+keyColumns+` FROM signing_keys ORDER BY created_at, kid`)
}

// AddKey implements idp.KeyStore.
func (s *Keys) AddKey(ctx context.Context, k *idp.SigningKey) error {
	d := &s.db.dialect
	return s.db.do(ctx, "AddKey", func() error {
		_, err := s.db.write.exec(ctx, `INSERT INTO signing_keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			k.KID, k.Alg, k.Predecessor, k.Sealed, k.SealedBy, string(k.PublicJWK), d.at(k.CreatedAt), d.atPtr(k.ActivateAt))
		return err
	})
}

// ScheduleKey implements idp.KeyStore.
func (s *Keys) ScheduleKey(ctx context.Context, kid string, at time.Time) error {
	if !storable(kid) {
		return idp.ErrNotFound
	}
	return s.db.do(ctx, "ScheduleKey", func() error {
		n, err := s.db.write.exec(ctx, `UPDATE signing_keys SET activate_at = $2 WHERE kid = $1 AND activate_at IS NULL`,
			kid, s.db.dialect.at(at))
		if err == nil && n == 0 {
			return staleOr404(ctx, s.db.write, `SELECT 1 FROM signing_keys WHERE kid = $1`, kid)
		}
		return err
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
