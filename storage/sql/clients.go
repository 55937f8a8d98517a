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

// clientColumns are in the order of clientValues and clientInto. Those that
// clientInto has no place for are clientExtra.
const (
	clientColumns = `id, updated_at, name, auth_method, redirect_uris, post_logout_redirect_uris, grant_types, scopes,
	secrets, resource_server, skip_consent, require_pkce, disabled, id_token_alg, client_uri, policy_uri, tos_uri, tokens_not_before, logo`
	clientExtra = `kind, name_key, search`
	clientTimes = `created_at, last_used_at` // not for UpdateClient
)

func (s *Clients) values(c *idp.Client) []any {
	secrets := c.Secrets
	if secrets == nil {
		secrets = []idp.ClientSecret{}
	}
	return []any{
		c.ID, s.db.dialect.at(c.UpdatedAt), c.Name, c.AuthMethod, asList(c.RedirectURIs), asList(c.PostLogoutRedirectURIs),
		asList(c.GrantTypes), asList(c.Scopes), asJSON(secrets), c.ResourceServer, c.SkipConsent, c.RequirePKCE,
		c.Disabled, c.IDTokenAlg, c.ClientURI, c.PolicyURI, c.TosURI, s.db.dialect.atPtr(c.TokensNotBefore), c.Logo,
		string(c.Kind()), searchText(c.DisplayName()), searchText(c.ID, c.Name),
	}
}

func clientInto(c *idp.Client) scanner { return into(clientMembersInto(c)...) }

// clientMembersInto are where clientColumns and clientTimes go.
func clientMembersInto(c *idp.Client) []any {
	return []any{
		&c.ID,
		timeTo{&c.UpdatedAt},
		&c.Name, &c.AuthMethod,
		jsonTo{&c.RedirectURIs},
		jsonTo{&c.PostLogoutRedirectURIs},
		jsonTo{&c.GrantTypes},
		jsonTo{&c.Scopes},
		jsonTo{&c.Secrets},
		&c.ResourceServer, &c.SkipConsent, &c.RequirePKCE, &c.Disabled, &c.IDTokenAlg, &c.ClientURI, &c.PolicyURI, &c.TosURI,
		timePtrTo{&c.TokensNotBefore},
		&c.Logo,
		timeTo{&c.CreatedAt},
		timePtrTo{&c.LastUsedAt},
	}
}

// CreateClient implements idp.ClientStore.
func (s *Clients) CreateClient(ctx context.Context, c *idp.Client) error {
	d := &s.db.dialect
	return s.db.transact(ctx, "CreateClient", func(tx runner) error {
		values := append(s.values(c), d.at(c.CreatedAt), d.atPtr(c.LastUsedAt))
		_, err := tx.exec(ctx, `INSERT INTO clients (`+clientColumns+`, `+clientExtra+`, `+clientTimes+`) VALUES `+tuples(1, len(values)), values...)
		if err != nil {
			return err
		}
		return s.db.record(ctx, tx, event(ctx, idp.ActionClientCreate, clientTarget(c), clientChanges(new(idp.Client), c)))
	})
}

// Client implements idp.ClientStore.
func (s *Clients) Client(ctx context.Context, id string) (*idp.Client, error) {
	if !storable(id) {
		return nil, idp.ErrNotFound
	}
	return records[idp.Client]{s.db, clientInto}.one(ctx, "Client",
		`SELECT `+clientColumns+`, `+clientTimes+` FROM clients WHERE id = $1`, id)
}

// UpdateClient implements idp.ClientStore.
func (s *Clients) UpdateClient(ctx context.Context, c *idp.Client, ifUnchangedSince time.Time) error {
	if !storable(c.ID) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, "UpdateClient", func(tx runner) error {
		before := new(idp.Client)
		var unchanged bool
		err := first(ctx, tx, into(append(clientMembersInto(before), &unchanged)...),
			`UPDATE clients SET updated_at = updated_at WHERE id = $1
			RETURNING `+clientColumns+`, `+clientTimes+`, updated_at = coalesce($2, updated_at)`, c.ID, s.db.dialect.at(ifUnchangedSince))
		switch {
		case err != nil:
			return err
		case !unchanged:
			return idp.ErrStale
		}
		values := s.values(c)
		_, err = tx.exec(ctx, `UPDATE clients SET (`+clientColumns+`, `+clientExtra+`) = `+tuples(1, len(values))+` WHERE id = $1`, values...)
		if err != nil {
			return err
		}
		return s.db.record(ctx, tx, clientUpdated(ctx, before, c)...)
	})
}

// DeleteClient implements idp.ClientStore. Consents go by foreign key.
func (s *Clients) DeleteClient(ctx context.Context, id string) error {
	if !storable(id) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, "DeleteClient", func(tx runner) error {
		before := new(idp.Client)
		err := first(ctx, tx, clientInto(before), `DELETE FROM clients WHERE id = $1 RETURNING `+clientColumns+`, `+clientTimes, id)
		if err != nil {
			return err
		}
		return s.db.record(ctx, tx, event(ctx, idp.ActionClientDelete, clientTarget(before), clientChanges(before, new(idp.Client))))
	})
}

// ListClients implements idp.ClientStore.
func (s *Clients) ListClients(ctx context.Context, after string, limit int) ([]*idp.Client, error) {
	return records[idp.Client]{s.db, clientInto}.list(ctx, "ListClients",
		`SELECT `+clientColumns+`, `+clientTimes+` FROM clients WHERE id > $1 ORDER BY id LIMIT $2`, clean(after), max(limit, 0))
}
