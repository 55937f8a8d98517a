package oauth

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestGuessingAClientSecretIsLimited(t *testing.T) {
	now := time.Unix(1e9, 0)
	client := &idp.Client{ID: "app", AuthMethod: idp.AuthMethodPost, Secrets: []idp.ClientSecret{{Digest: secretDigest("right")}}}
	limits, err := newGuesses(func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{o: Options{Clients: oneClient{client: client}}, guesses: limits}
	ask := func(secret, ip string) error {
		_, err := p.authenticateClient(t.Context(), Request{Form: url.Values{"client_id": {"app"}, "client_secret": {secret}}, IP: ip})
		return err
	}
	for range guessBurst {
		if err := ask("wrong", "2001:db8::1"); err == nil {
			t.Fatal("a wrong secret passes")
		}
	}
	// The whole /64 counts as one, others do not.
	if err := ask("right", "2001:db8::2"); !errors.Is(err, errGuessing) {
		t.Errorf("after %d wrong ones the right secret says %v", guessBurst, err)
	}
	for _, other := range []string{"2001:db8:0:1::1", "192.0.2.7", "not an address"} {
		if err := ask("right", other); err != nil {
			t.Errorf("%s is refused too: %v", other, err)
		}
	}
	now = now.Add(guessRefill)
	if err := ask("right", "2001:db8::1"); err != nil {
		t.Errorf("after waiting: %v", err)
	}
}
