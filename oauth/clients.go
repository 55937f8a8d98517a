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
	client := n.Client
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
	at := c.now().UTC()
	client.CreatedAt, client.UpdatedAt = at, at
	client.Secrets = nil
	// Tokens of an earlier client of this id stay dead. The margin allows for
	// a store whose clock is behind ours.
	before := at.Add(-clockMargin)
	client.TokensNotBefore = &before
	var faults []idp.Fault
	if fault := secretFault(&client, n.Secret); fault != "" {
		faults = append(faults, idp.Fault{Field: "client_secret", Message: fault})
	}
	if err := withFaults(client.Validate(), faults); err != nil {
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

func secretFault(c *idp.Client, secret string) string {
	switch {
	case secret == "":
		return ""
	case c.IsPublic():
		return "a public client has none"
	case utf8.RuneCountInString(secret) < minSecretLength:
		return "must be at least 8 characters; leave it out and a strong one is generated"
	case len(secret) > idp.MaxClaim || !isCleanText(secret):
		return "must be text of at most 500 bytes"
	}
	return ""
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
	const tries = 5
	for range tries {
		stored, err := c.store.Client(ctx, id)
		if err != nil {
			return nil, err
		}
		client := cloneClient(stored)
		if err := change(client); err != nil {
			return nil, err
		}
		client.ID, client.CreatedAt = stored.ID, stored.CreatedAt
		if client.IsPublic() {
			client.Secrets = nil // one that was confidential forgets its own
		}
		if err := client.Validate(); err != nil {
			return nil, err
		}
		client.UpdatedAt = c.now().UTC()
		err = c.store.UpdateClient(ctx, client, stored.UpdatedAt)
		if !errors.Is(err, idp.ErrStale) {
			return client, err
		}
	}
	return nil, idp.ErrStale
}

// cloneClient copies a client, so that a cached one stays as it is.
func cloneClient(c *idp.Client) *idp.Client {
	out := *c
	out.RedirectURIs = slices.Clone(c.RedirectURIs)
	out.PostLogoutRedirectURIs = slices.Clone(c.PostLogoutRedirectURIs)
	out.GrantTypes = slices.Clone(c.GrantTypes)
	out.Scopes = slices.Clone(c.Scopes)
	out.Secrets = slices.Clone(c.Secrets)
	return &out
}

// RotateSecret gives the client a further secret (generated when secret is "")
// and returns it. The one before lives on until the next rotation.
func (c *Clients) RotateSecret(ctx context.Context, id, secret string) (string, error) {
	_, err := c.Update(ctx, id, func(client *idp.Client) error {
		if client.IsPublic() {
			return &idp.InvalidError{Faults: []idp.Fault{{Field: "client_secret", Message: "a public client has none"}}}
		}
		if fault := secretFault(client, secret); fault != "" {
			return &idp.InvalidError{Faults: []idp.Fault{{Field: "client_secret", Message: fault}}}
		}
		secret = addSecret(client, secret, c.now().UTC())
		return nil
	})
	return secret, err
}

// SetDisabled turns a client off or on. While it is off, its tokens are dead;
// those of before stay dead when it comes back.
func (c *Clients) SetDisabled(ctx context.Context, id string, disabled bool) error {
	_, err := c.Update(ctx, id, func(client *idp.Client) error {
		before := c.now().UTC()
		switch {
		case !disabled && !client.Disabled:
			return nil
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
func (c *Clients) Delete(ctx context.Context, id string) error { return c.store.DeleteClient(ctx, id) }
