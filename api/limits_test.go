package api

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatehouse/web"
)

func TestLimiter(t *testing.T) {
	now := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	l := newLimiter("caller", Quota{4, time.Minute})
	take := func(caller string) (http.Header, error) {
		h := http.Header{}
		err := l.take(h, caller, now)
		return h, err
	}
	for left := 3; left >= 0; left-- {
		h, err := take("ada")
		want := fmt.Sprintf(`"caller";r=%d;t=%d`, left, (4-left)*15)
		if err != nil || h.Get("RateLimit") != want || h.Get("RateLimit-Policy") != `"caller";q=4;w=60` {
			t.Errorf("%v %v, want %s", err, h, want)
		}
	}
	h, err := take("ada")
	var refused *web.ProblemError
	if !errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests || refused.RetryAfter != 15*time.Second || h.Get("RateLimit") != `"caller";r=0;t=60` {
		t.Errorf("%v %v", err, h)
	}
	if _, err := take("bob"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	now = now.Add(15 * time.Second)
	if _, err := take("ada"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if _, err := take("ada"); err == nil {
		t.Error("more came back than should")
	}
	now = now.Add(time.Hour)
	for range 4 {
		if _, err := take("ada"); err != nil {
			t.Errorf("a full quota later: %v", err)
		}
	}
	if _, err := take("ada"); err == nil {
		t.Error("more than the quota was saved up")
	}
}

func TestNetwork(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64", "": "", "::ffff:192.0.2.1": "::ffff:192.0.2.1",
	} {
		if got := web.Network(ip); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}
