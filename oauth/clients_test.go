package oauth

import (
	"context"
	"testing"
	"time"

	"gatehouse/idp"
)

// changingClient is oneClient that can be changed.
type changingClient struct{ oneClient }

func (c changingClient) UpdateClient(_ context.Context, n *idp.Client, _ time.Time) error {
	*c.client = *n
	return nil
}

// Servers see a disabling a little later, and what they issue until then must
// not come to life when the client is enabled again.
func TestTokensOfBeforeStayDeadWhenAClientComesBack(t *testing.T) {
	start := time.Now().UTC()
	now := start
	client := &idp.Client{
		ID: "app", Name: "App", AuthMethod: idp.AuthMethodBasic, GrantTypes: []string{idp.GrantClientCredentials}, TokensNotBefore: &start,
	}
	clients := NewClients(changingClient{oneClient{client: client}}, func() time.Time { return now })
	set := func(disabled bool) {
		t.Helper()
		if err := clients.SetDisabled(t.Context(), "app", disabled); err != nil || client.Disabled != disabled {
			t.Fatalf("disabled is %v, %v", client.Disabled, err)
		}
	}
	at := func(d time.Duration) *idp.Grant { return &idp.Grant{CreatedAt: start.Add(d)} }

	now = start.Add(time.Second)
	set(false)
	if client.HasRevoked(at(0)) {
		t.Error("enabling a client that is on ends its tokens")
	}
	now = start.Add(time.Hour)
	set(true)
	late := at(time.Hour + 2*time.Second)
	now = start.Add(2 * time.Hour)
	set(false)
	if !client.HasRevoked(late) {
		t.Error("a token that was issued just after the disabling lives again")
	}
	if client.HasRevoked(at(2 * time.Hour)) {
		t.Error("a token that is issued after the enabling is dead")
	}
	set(true)
	set(false)
	if !client.HasRevoked(at(2*time.Hour - time.Millisecond)) {
		t.Error("off and on at once brings tokens of before back")
	}
}
