package account

import (
	"context"
	"errors"
	"time"

	"gatehouse/idp"
)

// SignUpOptions is what SignUp needs; all but the limits must be set.
type SignUpOptions struct {
	Users     *Users
	Throttles idp.ThrottleStore
	Browsers  *KnownBrowsers // its key names the counters
	// Network bounds the accounts that one IPv4 address or IPv6 /64 may ask for,
	// WideNetwork those of an IPv4 /24 or IPv6 /48. Zero means 20 and 200 in an hour.
	Network, WideNetwork Limit
}

// SignUp lets strangers make accounts, by the form and over the API alike: at
// a bounded rate, since each costs a hash and a record, and tells whether a
// username is taken.
type SignUp struct{ o SignUpOptions }

// NewSignUp fills in the defaults.
func NewSignUp(o SignUpOptions) *SignUp {
	o.Network = o.Network.or(Limit{20, time.Hour})
	o.WideNetwork = o.WideNetwork.or(Limit{200, time.Hour})
	return &SignUp{o: o}
}

// Register is Users.Register for somebody at that address. *ThrottledError when
// the network has asked for too many; what was mistyped does not count.
func (s *SignUp) Register(ctx context.Context, u *idp.User, password, ip string) (*idp.User, error) {
	narrow, wide := networks(ip)
	tries := []idp.Attempt{
		attempt(s.key("wide", wide), s.o.WideNetwork), attempt(s.key("network", narrow), s.o.Network),
	}
	wait, err := s.o.Throttles.Try(ctx, tries...)
	switch {
	case err != nil:
		return nil, err
	case wait > 0:
		return nil, &ThrottledError{Wait: wait}
	}
	made, err := s.o.Users.Register(ctx, u, password)
	var taken *idp.ConflictError
	if err != nil && !errors.As(err, &taken) {
		// Nothing was made and nothing was told of others.
		return nil, errors.Join(err, s.o.Throttles.Forgive(context.WithoutCancel(ctx), tries[0].Key, tries[1].Key))
	}
	return made, err
}

func (s *SignUp) key(kind, network string) string {
	return s.o.Browsers.throttleKey("sign-up "+kind, network)
}
