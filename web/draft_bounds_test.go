package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Strangers fill our store with forms at a bounded rate.
func TestDraftsOfStrangersAreBounded(t *testing.T) {
	s := newSite(t)
	s.guarded(nil).POST("/thing")
	form := url.Values{"back": {"/thing"}, "text": {"typed"}}.Encode()
	kept := func(from string, n int) (drafts int) {
		for range n {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/thing", strings.NewReader(form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.RemoteAddr = from
			w := httptest.NewRecorder()
			s.engine.ServeHTTP(w, r)
			to := w.Header().Get("Location")
			if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/login?next=%2Fthing") {
				t.Fatalf("%d %s", w.Code, to)
			}
			if strings.Contains(to, "draft") {
				drafts++
			}
		}
		return drafts
	}
	if n := kept("[2001:db8::1]:1", 150) + kept("[2001:db8::2]:1", 50); n > 110 {
		t.Errorf("%d of 200 forms of one network are kept", n)
	}
	if n := kept("192.0.2.1:1", 1); n != 1 {
		t.Error("another network's is not kept")
	}
	s.now.advance(10 * time.Minute)
	if n := kept("[2001:db8::1]:1", 1); n != 1 {
		t.Error("none is kept when the wait is over")
	}
}
