package api

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"gatehouse/web"
)

// Quota is how many calls one caller may make within a window. They may come
// all at once; what was used comes back evenly.
type Quota struct {
	Calls  int
	Window time.Duration
}

// Limits are the quotas of one instance. Guesses at passwords and registrations
// are limited further, over all instances, by account.SignIn and account.SignUp.
// A zero Quota is the default.
type Limits struct {
	Caller   Quota // a person or client with a token
	Stranger Quota // a network without one
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		quota    *Quota
		fallback Quota
	}{
		{&l.Caller, Quota{3000, time.Minute}},
		{&l.Stranger, Quota{300, time.Minute}},
	} {
		if *d.quota == (Quota{}) {
			*d.quota = d.fallback
		}
	}
	return l
}

// limiter counts the calls of many callers against one quota.
type limiter struct {
	name  string // in the headers
	quota Quota
	left  *web.Budget
}

func newLimiter(name string, q Quota) *limiter {
	return &limiter{name: name, quota: q, left: web.NewBudget(q.Calls, q.Window)}
}

// take counts a call and writes the headers of draft-ietf-httpapi-ratelimit-headers:
// the policy, what remains, and in how many seconds all of it is back.
func (l *limiter) take(h http.Header, caller string, now time.Time) error {
	bucket := l.left.Of(caller)
	ok := bucket.AllowN(now, 1)
	left := max(bucket.TokensAt(now), 0)
	h.Set("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, l.name, l.quota.Calls, int(l.quota.Window.Seconds())))
	h.Set("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, l.name, int(left), l.seconds(float64(l.quota.Calls)-left)))
	if ok {
		return nil
	}
	return &web.ProblemError{
		Status: http.StatusTooManyRequests, Code: "too_many_calls", Detail: "too many calls in a short time; wait, then go on",
		RetryAfter: time.Duration(l.seconds(1-left)) * time.Second,
	}
}

// seconds is how long so many calls take to come back, rounded up.
func (l *limiter) seconds(calls float64) int {
	return int(math.Ceil(calls * l.quota.Window.Seconds() / float64(l.quota.Calls)))
}
