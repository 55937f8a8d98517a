package sqlstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// waitAWhile is how long a test waits for what must not come.
const waitAWhile = 200 * time.Millisecond

func isError(err, want error) bool {
	return want == nil && err == nil || want != nil && errors.Is(err, want)
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newUser() *idp.User {
	id, now := uuid.NewString(), time.Now().UTC()
	return &idp.User{ID: id, Username: "u" + id, Email: id + "@example.com", Status: idp.UserActive, CreatedAt: now, UpdatedAt: now}
}

func newClient() *idp.Client {
	now := time.Now().UTC()
	return &idp.Client{ID: "c" + uuid.NewString(), AuthMethod: idp.AuthMethodNone, CreatedAt: now, UpdatedAt: now}
}

func newKey() *idp.SigningKey {
	return &idp.SigningKey{
		KID: uuid.NewString(), Alg: "ES256", Predecessor: uuid.NewString(), Sealed: []byte{1}, SealedBy: "m",
		PublicJWK: []byte(`{}`), CreatedAt: time.Now().UTC(),
	}
}

func newGrant(n int) *idp.Grant {
	return &idp.Grant{ID: fmt.Sprint("g", n, "-", uuid.NewString()), State: idp.GrantActive, ClientID: "app", UserID: "user", SessionID: "sid", Generation: 1}
}

func newSession() *idp.Session {
	now := time.Now().UTC()
	return &idp.Session{
		Digest: uuid.NewString(), ID: uuid.NewString(), UserID: "user", AuthTime: now,
		CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
	}
}

func newInteraction() *idp.Interaction {
	return &idp.Interaction{ID: uuid.NewString(), State: idp.InteractionOpen, ExpiresAt: time.Now().Add(time.Hour)}
}
