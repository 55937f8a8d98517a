package oauth

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"gatehouse/idp"
)

// Clients is the administration of registered clients.
type Clients struct {
	store idp.ClientStore
	now   func() time.Time
}

// NewClients works on a store.
func NewClients(store idp.ClientStore, now func() time.Time) *Clients {
	return &Clients{store: store, now: now}
}

// at is the time as stores keep it, so that what a change returns is what is read later.
func (c *Clients) at() time.Time { return c.now().UTC().Truncate(time.Microsecond) }

// NewClient is a registration to be made. An empty ID, and an empty Secret of
// a confidential client, are generated.
type NewClient struct {
	idp.Client
	Secret string
}

const (
	secretBytes     = 32
	minSecretLength = 8 // of a secret that an operator chooses
	clockMargin     = 5 * time.Second
)

// Create registers a client and returns its secret, "" for a public one; it
// cannot be read again. *idp.InvalidError and *idp.ConflictError say what is wrong.
func (c *Clients) Create(ctx context.Context, n NewClient) (*idp.Client, string, error) {
	client := *n.Clone()
	if client.ID == idp.ClientGatehouse {
		return nil, "", &idp.ConflictError{Field: "client_id"}
	}
	if client.ID == "" {
		client.ID = randomText(15)
		for client.ID[0] == '-' || client.ID[0] == '_' { // must start with a letter or digit
			client.ID = randomText(15)
		}
	}
	if client.AuthMethod == "" {
		client.AuthMethod = idp.AuthMethodBasic
	}
	if len(client.GrantTypes) == 0 && len(client.RedirectURIs) > 0 {
		client.GrantTypes = []string{idp.GrantAuthorizationCode}
	}
	at := c.at()
	client.CreatedAt, client.UpdatedAt = at, at
	client.Secrets = nil
	// Tokens of an earlier client of this id stay dead. The margin allows for
	// a store whose clock is behind ours.
	before := at.Add(-clockMargin)
	client.TokensNotBefore = &before
	if err := withFaults(client.Validate(), secretFaults(&client, n.Secret)); err != nil {
		return nil, "", err
	}
	secret := n.Secret
	if !client.IsPublic() {
		secret = addSecret(&client, secret, at)
	}
	if err := c.store.CreateClient(ctx, &client); err != nil {
		return nil, "", err
	}
	return &client, secret, nil
}

// withFaults joins faults found outside a Validate method to its own.
func withFaults(err error, more []idp.Fault) error {
	if len(more) == 0 {
		return err
	}
	var invalid *idp.InvalidError
	if errors.As(err, &invalid) {
		more = slices.Concat(invalid.Faults, more)
	}
	return &idp.InvalidError{Faults: more}
}

func noSecretFault() idp.Fault { return idp.NewFault("client_secret", "a public client has none") }

// CheckSecret says what is wrong with a secret that an operator chose for a
// client: an *idp.InvalidError, or nil.
func CheckSecret(c *idp.Client, secret string) error { return withFaults(nil, secretFaults(c, secret)) }

// secretFaults says what is wrong with a secret that an operator chose.
func secretFaults(c *idp.Client, secret string) []idp.Fault {
	switch {
	case secret == "":
		return nil
	case c.IsPublic():
		return []idp.Fault{noSecretFault()}
	case utf8.RuneCountInString(secret) < minSecretLength:
		return []idp.Fault{idp.NewFault("client_secret", "must be at least %d characters; leave it out and a strong one is generated", minSecretLength)}
	case len(secret) > idp.MaxClaim || !isCleanText(secret):
		return []idp.Fault{idp.NewFault("client_secret", "must be text of at most %d bytes", idp.MaxClaim)}
	}
	return nil
}

// addSecret puts a secret first and keeps one older one.
func addSecret(c *idp.Client, secret string, at time.Time) string {
	if secret == "" {
		secret = randomText(secretBytes)
	}
	c.Secrets = append([]idp.ClientSecret{{Digest: secretDigest(secret), CreatedAt: at}}, c.Secrets...)
	c.Secrets = c.Secrets[:min(len(c.Secrets), idp.MaxClientSecrets)]
	return secret
}

// Update changes a client; idp.ErrNotFound when there is none. The change is
// tried again if somebody else changed the client at the same moment.
func (c *Clients) Update(ctx context.Context, id string, change func(*idp.Client) error) (*idp.Client, error) {
	return c.UpdateIf(ctx, id, time.Time{}, change)
}

// UpdateIf is Update of the client as it was at ifUnchangedSince, its
// UpdatedAt: idp.ErrStale when somebody changed it since. Zero is Update.
func (c *Clients) UpdateIf(ctx context.Context, id string, ifUnchangedSince time.Time, change func(*idp.Client) error) (*idp.Client, error) {
	if id == idp.ClientGatehouse {
		return nil, idp.ErrBuiltIn
	}
	return c.alter(ctx, id, ifUnchangedSince, change)
}

const changeTries = 5

// errSame is what a change returns that has nothing to do.
var errSame = errors.New("nothing to change")

// alter is UpdateIf for the built-in client as well.
func (c *Clients) alter(ctx context.Context, id string, ifUnchangedSince time.Time, change func(*idp.Client) error) (*idp.Client, error) {
	for range changeTries {
		stored, err := c.unchanged(ctx, id, ifUnchangedSince)
		if err != nil {
			return nil, err
		}
		client := stored.Clone()
		if err := change(client); errors.Is(err, errSame) {
			return stored, nil
		} else if err != nil {
			return nil, err
		}
		client.ID, client.CreatedAt = stored.ID, stored.CreatedAt
		if client.IsPublic() {
			client.Secrets = nil // one that was confidential forgets its own
		}
		if err := client.Validate(); err != nil {
			return nil, err
		}
		client.UpdatedAt = c.at()
		if !client.UpdatedAt.After(stored.UpdatedAt) {
			// It is the version too: two within a microsecond must not look the same.
			client.UpdatedAt = stored.UpdatedAt.Add(time.Microsecond)
		}
		err = c.store.UpdateClient(ctx, client, stored.UpdatedAt)
		if !errors.Is(err, idp.ErrStale) {
			return client, err
		}
	}
	return nil, idp.ErrStale
}

// unchanged returns the client as it was at a time (zero for any), or idp.ErrStale.
func (c *Clients) unchanged(ctx context.Context, id string, since time.Time) (*idp.Client, error) {
	stored, err := c.store.Client(ctx, id)
	if err != nil || since.IsZero() || stored.UpdatedAt.Equal(since) {
		return stored, err
	}
	// The answer may come from a cache that is behind what the caller saw; a query never does.
	q := idp.ClientQuery{ListQuery: idp.ListQuery{Text: id, Sort: "client_id", Limit: idp.MaxPage}}
	for {
		page, err := c.store.QueryClients(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, found := range page.Items {
			if found.ID == id && found.UpdatedAt.Equal(since) {
				return found, nil
			}
		}
		if page.Next == "" {
			return nil, idp.ErrStale
		}
		q.After = page.Next
	}
}

// RotateSecret gives the client a further secret (generated when secret is "")
// and returns it. The one before lives on until the next rotation.
func (c *Clients) RotateSecret(ctx context.Context, id, secret string) (string, error) {
	return c.RotateSecretIf(ctx, id, time.Time{}, secret)
}

// RotateSecretIf is RotateSecret of the client as it was at ifUnchangedSince,
// so that two who rotate at once do not end the secret that is in use: UpdateIf.
func (c *Clients) RotateSecretIf(ctx context.Context, id string, ifUnchangedSince time.Time, secret string) (string, error) {
	_, err := c.UpdateIf(ctx, id, ifUnchangedSince, func(client *idp.Client) error {
		if client.IsPublic() {
			return &idp.InvalidError{Faults: []idp.Fault{noSecretFault()}}
		}
		if faults := secretFaults(client, secret); len(faults) > 0 {
			return &idp.InvalidError{Faults: faults}
		}
		secret = addSecret(client, secret, c.at())
		return nil
	})
	return secret, err
}

// DropOldSecret ends the secret that lives on beside the newest one. Nothing happens when there is none.
func (c *Clients) DropOldSecret(ctx context.Context, id string) error {
	return c.DropOldSecretIf(ctx, id, time.Time{})
}

// DropOldSecretIf is DropOldSecret of the client as it was at ifUnchangedSince: UpdateIf.
func (c *Clients) DropOldSecretIf(ctx context.Context, id string, ifUnchangedSince time.Time) error {
	_, err := c.UpdateIf(ctx, id, ifUnchangedSince, func(client *idp.Client) error {
		if len(client.Secrets) < 2 {
			return errSame
		}
		client.Secrets = client.Secrets[:1]
		return nil
	})
	return err
}

// RevokeTokens ends every token that the client was given before now.
func (c *Clients) RevokeTokens(ctx context.Context, id string) error {
	_, err := c.alter(ctx, id, time.Time{}, func(client *idp.Client) error {
		now := c.at()
		if client.TokensNotBefore == nil || client.TokensNotBefore.Before(now) {
			client.TokensNotBefore = &now
		}
		return nil
	})
	return err
}

// Query finds and sorts clients.
func (c *Clients) Query(ctx context.Context, q idp.ClientQuery) (idp.Page[*idp.Client], error) {
	return c.store.QueryClients(ctx, q)
}

// SetDisabled turns a client off or on. While it is off, its tokens are dead;
// those of before stay dead when it comes back.
func (c *Clients) SetDisabled(ctx context.Context, id string, disabled bool) error {
	_, err := c.alter(ctx, id, time.Time{}, func(client *idp.Client) error {
		before := c.at()
		switch {
		case !disabled && !client.Disabled:
			return errSame
		case !disabled:
			// A server that had not seen yet that the client is off may have issued
			// tokens a moment longer. The margin spares those of after.
			before = before.Add(-clockMargin)
		}
		client.Disabled = disabled
		if client.TokensNotBefore == nil || client.TokensNotBefore.Before(before) {
			client.TokensNotBefore = &before
		}
		return nil
	})
	return err
}

// Delete removes the client; its tokens are dead, since nothing vouches for them.
func (c *Clients) Delete(ctx context.Context, id string) error {
	if id == idp.ClientGatehouse {
		return idp.ErrBuiltIn
	}
	return c.store.DeleteClient(ctx, id)
}
