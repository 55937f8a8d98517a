package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// Clients keeps the registered clients; it is an idp.ClientStore.
type Clients struct{ db aggregate }

// NewClients returns the client store of the database.
func NewClients(db *DB) *Clients { return &Clients{aggregate{db, "clients"}} }

// clientColumns are in the order of clientValues and clientInto.
const clientColumns = `id, updated_at, name, auth_method, redirect_uris, post_logout_redirect_uris, grant_types, scopes,
	secrets, resource_server, skip_consent, require_pkce, disabled, id_token_alg, client_uri, policy_uri, tos_uri, tokens_not_before`

// clientValues leaves out created_at, which is written once.
func (s *Clients) clientValues(c *idp.Client) []any {
	secrets := c.Secrets
	if secrets == nil {
		secrets = []idp.ClientSecret{}
	}
	return []any{
		c.ID, s.db.dialect.at(c.UpdatedAt), c.Name, c.AuthMethod, asList(c.RedirectURIs), asList(c.PostLogoutRedirectURIs),
		asList(c.GrantTypes), asList(c.Scopes), asJSON(secrets), c.ResourceServer, c.SkipConsent, c.RequirePKCE,
		c.Disabled, c.IDTokenAlg, c.ClientURI, c.PolicyURI, c.TosURI, s.db.dialect.atPtr(c.TokensNotBefore),
	}
}

func clientInto(c *idp.Client) scanner {
	return into(&c.ID, timeTo{&c.UpdatedAt}, &c.Name, &c.AuthMethod, jsonTo{&c.RedirectURIs}, jsonTo{&c.PostLogoutRedirectURIs},
		jsonTo{&c.GrantTypes}, jsonTo{&c.Scopes}, jsonTo{&c.Secrets}, &c.ResourceServer, &c.SkipConsent, &c.RequirePKCE,
		&c.Disabled, &c.IDTokenAlg, &c.ClientURI, &c.PolicyURI, &c.TosURI, timePtrTo{&c.TokensNotBefore}, timeTo{&c.CreatedAt})
}

// CreateClient implements idp.ClientStore.
func (s *Clients) CreateClient(ctx context.Context, c *idp.Client) error {
	return s.db.do(ctx, "CreateClient", func() error {
		_, err := s.db.write.exec(ctx, `INSERT INTO clients (`+clientColumns+`, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			append(s.clientValues(c), s.db.dialect.at(c.CreatedAt))...)
		return err
	})
}

// Client implements idp.ClientStore.
func (s *Clients) Client(ctx context.Context, id string) (*idp.Client, error) {
	if !storable(id) {
		return nil, idp.ErrNotFound
	}
	return records[idp.Client]{s.db, clientInto}.one(ctx, "Client",
		`SELECT `+clientColumns+`, created_at FROM clients WHERE id = $1`, id)
}

// UpdateClient implements idp.ClientStore.
func (s *Clients) UpdateClient(ctx context.Context, c *idp.Client, ifUnchangedSince time.Time) error {
	if !storable(c.ID) {
		return idp.ErrNotFound
	}
	return s.db.do(ctx, "UpdateClient", func() error {
		return s.db.write.transact(ctx, func(tx runner) error {
			n, err := tx.exec(ctx, `UPDATE clients SET (updated_at, name, auth_method, redirect_uris, post_logout_redirect_uris,
				grant_types, scopes, secrets, resource_server, skip_consent, require_pkce, disabled, id_token_alg,
				client_uri, policy_uri, tos_uri, tokens_not_before)
				= ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
				WHERE id = $1 AND updated_at = coalesce($19, updated_at)`,
				append(s.clientValues(c), s.db.dialect.at(ifUnchangedSince))...)
			if err == nil && n == 0 {
				return staleOr404(ctx, tx, `SELECT 1 FROM clients WHERE id = $1`, c.ID)
			}
			return err
		})
	})
}

// DeleteClient implements idp.ClientStore. Consents go by foreign key.
func (s *Clients) DeleteClient(ctx context.Context, id string) error {
	if !storable(id) {
		return idp.ErrNotFound
	}
	return s.db.change(ctx, "DeleteClient", `DELETE FROM clients WHERE id = $1`, id)
}

// ListClients implements idp.ClientStore.
func (s *Clients) ListClients(ctx context.Context, after string, limit int) ([]*idp.Client, error) {
	return records[idp.Client]{s.db, clientInto}.list(ctx, "ListClients",
		`SELECT `+clientColumns+`, created_at FROM clients WHERE id > $1 ORDER BY id LIMIT $2`, clean(after), max(limit, 0))
}
