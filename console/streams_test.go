package console_test

import (
	"net/http"
	"testing"

	"gatehouse/webtest"
)

// One person's live views leave room for the others'.
func TestNobodyTakesAllStreams(t *testing.T) {
	h := newHouse(t)
	open := func(b *webtest.Browser) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+"/admin/audit/events", nil)
		must(t, err)
		res, err := b.Client.Do(r)
		must(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
		return res.StatusCode
	}
	reader, admin := h.As(t, webtest.Reader), h.As(t, webtest.Admin)
	refused := 0
	for range 101 {
		if open(reader) != http.StatusOK {
			refused++
		}
	}
	if got := open(admin); got != http.StatusOK || refused == 0 {
		t.Errorf("the next person gets %d; %d were refused", got, refused)
	}
}
