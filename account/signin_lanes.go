package account

import (
	"context"
	"sync"

	"gatehouse/idp"
)

// lanes bounds how many sign-ins are under way against one limit at a time. A
// try is reserved for as long as its sign-in runs; without a bound, many right
// passwords at once (an application that signs in for its user, an office
// behind one address on Monday morning) would use up the limit among
// themselves. So the rest waits in line, having reserved nothing.
type lanes struct {
	mu   sync.Mutex
	open map[string]*lane // only those in use
}

type lane struct {
	places chan struct{}
	users  int // inside and waiting
}

// enter takes a place in the lane of each attempt, in the order given: callers
// give the widest first, so nobody waits for somebody who waits for them. The
// error is that of ctx when it ends first.
func (l *lanes) enter(ctx context.Context, attempts ...idp.Attempt) (leave func(), err error) {
	var taken []func()
	leave = func() {
		for _, free := range taken {
			free()
		}
	}
	for _, a := range attempts {
		free, err := l.take(ctx, a)
		if err != nil {
			leave()
			return nil, err
		}
		taken = append(taken, free)
	}
	return leave, nil
}

func (l *lanes) take(ctx context.Context, a idp.Attempt) (free func(), err error) {
	in := l.join(a)
	select {
	case in.places <- struct{}{}:
		return func() { <-in.places; l.part(a.Key, in) }, nil
	case <-ctx.Done():
		l.part(a.Key, in)
		return nil, ctx.Err()
	}
}

// join opens the lane if it is not open: a third of the limit wide, so that
// three instances together still stay within it.
func (l *lanes) join(a idp.Attempt) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[string]*lane{}
	}
	in := l.open[a.Key]
	if in == nil {
		in = &lane{places: make(chan struct{}, max(1, a.Limit/3))}
		l.open[a.Key] = in
	}
	in.users++
	return in
}

func (l *lanes) part(key string, in *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if in.users--; in.users == 0 {
		delete(l.open, key)
	}
}
