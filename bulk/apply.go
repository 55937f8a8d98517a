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
		n := oauth.NewClient{Client: *want.client()}
		if name, ok := strings.CutPrefix(want.Secret, "env:"); ok {
			if n.Secret, ok = k.lookup(name); !ok || n.Secret == "" {
				return badFile("client %s: the variable %s, which holds its secret, is not set", want.ID, name)
			}
		}
		_, secret, err := k.Clients.Create(ctx, n)
		if err != nil {
			return err
		}
		if n.Secret == "" {
			s.Secret = secret
		}
		if want.Disabled {
			return k.Clients.SetDisabled(ctx, want.ID, true)
		}
		return nil
	}
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
