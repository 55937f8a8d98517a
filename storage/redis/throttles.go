package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
)

const throttleKey = "gh:t:"

// Try implements idp.ThrottleStore.
func (s *Store) Try(ctx context.Context, attempts ...idp.Attempt) (wait time.Duration, err error) {
	err = s.call(ctx, "throttles", "Try", func(ctx context.Context) error {
		waits, err := s.onKeys(ctx, countTry, len(attempts), func(i int) (string, []any) {
			a := attempts[i]
			window := max(1, (a.Window + time.Millisecond - 1).Milliseconds())
			return throttleKey + a.Key, []any{a.Limit, window}
		})
		for _, ms := range waits {
			wait = max(wait, time.Duration(ms)*time.Millisecond)
		}
		return err
	})
	return wait, err
}

// Forgive implements idp.ThrottleStore.
func (s *Store) Forgive(ctx context.Context, keys ...string) error {
	return s.call(ctx, "throttles", "Forgive", func(ctx context.Context) error {
		_, err := s.onKeys(ctx, forgiveTry, len(keys), func(i int) (string, []any) { return throttleKey + keys[i], nil })
		return err
	})
}

// Clear implements idp.ThrottleStore.
func (s *Store) Clear(ctx context.Context, keys ...string) error {
	return s.call(ctx, "throttles", "Clear", func(ctx context.Context) error {
		if len(keys) == 0 {
			return nil
		}
		return s.pipeline(ctx, func(p redis.Pipeliner) { // one DEL each: on a Cluster they may lie apart
			for _, key := range keys {
				p.Del(ctx, throttleKey+key)
			}
		})
	})
}

// onKeys runs a script on n keys in one round trip and returns what each gave.
func (s *Store) onKeys(ctx context.Context, script *redis.Script, n int, at func(i int) (key string, args []any)) ([]int64, error) {
	switch n {
	case 0:
		return nil, nil
	case 1:
		key, args := at(0)
		result, err := s.run(ctx, script, key, args...).Int64()
		return []int64{result}, err
	}
	replies := make([]*redis.Cmd, n)
	err := s.pipeline(ctx, func(p redis.Pipeliner) {
		for i := range n {
			key, args := at(i)
			replies[i] = script.Eval(ctx, p, []string{key}, args...)
		}
	})
	if err != nil {
		return nil, err
	}
	results := make([]int64, n)
	for i, reply := range replies {
		if results[i], err = reply.Int64(); err != nil {
			return nil, err
		}
	}
	return results, nil
}
