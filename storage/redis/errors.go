package redisstore

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/idp"
)

// failure maps an error of a call to what the contracts promise: the answers of
// the domain pass, the end of the caller's context stays recognisable, and all
// else (refused, timeout, LOADING, READONLY, CLUSTERDOWN, a record that cannot
// be read) means that the store did not answer.
func failure(ctx context.Context, err error) error {
	var invalid *idp.InvalidError
	switch {
	case err == nil, errors.Is(err, idp.ErrNotFound), errors.Is(err, idp.ErrReplayed), errors.Is(err, idp.ErrStale),
		errors.As(err, &invalid):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("redis: %w", context.Canceled)
	}
	return fmt.Errorf("redis: %w: %w", idp.ErrUnavailable, err)
}

// errTaken says that the key of a new record is taken, almost certainly by the
// tombstone of a revocation that ran at the same time.
var errTaken = errors.New("revoked while it was made")

// errReply says that Redis answered with something that the scripts never return.
var errReply = errors.New("unexpected reply")
