package bulk

import (
	"context"
	"strings"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
)

// zeroTime asks the rooms not to compare versions: the file says how it should be, whatever it was.
var zeroTime time.Time

func (k *Keeper) createClient(want FileClient) func(context.Context, *Step) error {
	return func(ctx context.Context, s *Step) error {
		given, err := k.secret(want)
		if err != nil {
			return err
		}
		_, secret, err := k.Clients.Create(ctx, oauth.NewClient{Client: *want.client(), Secret: given})
		if err != nil {
			return err
		}
		if given == "" {
			s.Secret = secret
		}
		if want.Disabled {
			return k.Clients.SetDisabled(ctx, want.ID, true)
		}
		return nil
	}
}

// secret is what a client's "env:NAME" stands for, "" without one. Its error is
// an *idp.InvalidError.
func (k *Keeper) secret(want FileClient) (string, error) {
	name, named := strings.CutPrefix(want.Secret, "env:")
	if !named {
		return "", nil
	}
	value, set := k.lookup(name)
	if !set || value == "" {
		fault := idp.NewFault("client_secret", "the variable %s is not set", name)
		return "", &idp.InvalidError{Faults: []idp.Fault{fault}}
	}
	return value, oauth.CheckSecret(want.client(), value)
}

func (k *Keeper) updateClient(want FileClient, wasDisabled bool) func(context.Context, *Step) error {
	return func(ctx context.Context, s *Step) error {
		if _, err := k.Clients.Update(ctx, want.ID, func(c *idp.Client) error {
			want.apply(c)
			return nil
		}); err != nil {
			return err
		}
		if want.Disabled == wasDisabled {
			return nil
		}
		return k.Clients.SetDisabled(ctx, want.ID, want.Disabled)
	}
}
