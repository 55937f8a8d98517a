package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/idp"
)

// active returns the KID that signs by a keyring's own view.
func active(t *testing.T, k *Keyring, alg string) string {
	t.Helper()
	key, err := k.signer(alg)
	ok(t, err)
	return key.KID
}

func states(t *testing.T, k *Keyring, alg string) map[string]idp.KeyState {
	t.Helper()
	keys, err := k.List(t.Context())
	ok(t, err)
	out := map[string]idp.KeyState{}
	for _, info := range keys {
		if info.Alg == alg {
			out[info.KID] = info.State
		}
	}
	return out
}

func published(k *Keyring, kid string) bool {
	body, _, _ := k.JWKS()
	return strings.Contains(string(body), kid)
}

func TestRevokedKeyVouchesForNothing(t *testing.T) {
	s := newSystem(t)
	ok(t, s.keys.maintain(t.Context())) // the next keys wait
	other := s.openKeyring()
	elsewhere, err := New(func() Options { o := s.p.o; o.Keys = other; return o }())
	ok(t, err)
	s.client(idp.Client{ID: "resource", ResourceServer: true, RequirePKCE: true})
	out := s.issue(s.user("ada", idp.RoleUser), true)
	stolen := active(t, s.keys, algES256)
	idKey := active(t, s.keys, algRS256)
	works := func(p *Provider) []error {
		_, bearer := p.Authenticate(t.Context(), out.AccessToken)
		_, userinfo := p.Userinfo(t.Context(), out.AccessToken)
		body, err := p.Introspect(t.Context(), s.request("resource", "token", out.AccessToken))
		if err == nil && !strings.Contains(string(body), `"active":true`) {
			err = errBadToken
		}
		return []error{bearer, userinfo, err}
	}
	for _, p := range []*Provider{s.p, elsewhere} {
		if errs := works(p); errors.Join(errs...) != nil {
			t.Fatal(errs)
		}
	}

	ok(t, s.keys.Revoke(t.Context(), stolen))
	for i, err := range works(s.p) {
		if err == nil {
			t.Errorf("here the token still works (%d)", i)
		}
	}
	if published(s.keys, stolen) || !published(s.keys, active(t, s.keys, algES256)) {
		t.Error("the key set holds the revoked key, or lacks the new one")
	}
	// Another instance reads the keys every few seconds.
	ok(t, other.maintain(t.Context()))
	for i, err := range works(elsewhere) {
		if err == nil {
			t.Errorf("elsewhere the token still works (%d)", i)
		}
	}
	if published(other, stolen) {
		t.Error("elsewhere it is still published")
	}
	// What is issued now works on both, also before the other one looks.
	next := active(t, s.keys, algES256)
	if next == stolen || active(t, other, algES256) != next {
		t.Errorf("%s signs here, %s there, %s was revoked", next, active(t, other, algES256), stolen)
	}
	out, err = s.p.RefreshForPerson(t.Context(), out.RefreshToken, "", "")
	ok(t, err)
	for _, p := range []*Provider{s.p, elsewhere} {
		if errs := works(p); errors.Join(errs...) != nil {
			t.Errorf("a new token: %v", errs)
		}
	}
	if active(t, s.keys, algRS256) != idKey {
		t.Error("the key of the other algorithm went too")
	}
	// The ID token's key, and with it old ID tokens as hints.
	if _, err := s.p.verifyHint(out.IDToken); err != nil {
		t.Fatal(err)
	}
	ok(t, s.keys.Revoke(t.Context(), idKey))
	if _, err := s.p.verifyHint(out.IDToken); err == nil {
		t.Error("an ID token of a revoked key is a hint")
	}
	if in := s.inspect(out.IDToken); in.Problem != ProblemRevokedKey || !in.Signed || in.KeyState != idp.KeyRetired {
		t.Errorf("inspection says %+v", in)
	}
}

// A waiting key follows whichever was revoked, and rotation goes on.
func TestRevokeKeysOfEachState(t *testing.T) {
	revoke := func(t *testing.T, s *system, kid string) {
		t.Helper()
		ok(t, s.keys.Revoke(t.Context(), kid))
		got := states(t, s.keys, algES256)
		if got[kid] != idp.KeyRetired || published(s.keys, kid) {
			t.Errorf("the revoked key is %s", got[kid])
		}
		waiting, signing := 0, 0
		for _, state := range got {
			if state == idp.KeyNext {
				waiting++
			}
			if state == idp.KeyActive {
				signing++
			}
		}
		if signing != 1 || waiting < 1 {
			t.Errorf("states %v, want one that signs and one to follow", got)
		}
	}
	// rotates fails unless the active key hands over when it is old enough.
	rotates := func(t *testing.T, s *system) {
		t.Helper()
		before := active(t, s.keys, algES256)
		for range 3 {
			s.now = s.now.Add(25 * time.Hour)
			ok(t, s.keys.maintain(t.Context()))
		}
		if active(t, s.keys, algES256) == before {
			t.Error("the keys do not rotate any more")
		}
	}
	start := func(t *testing.T) (*system, string) {
		t.Helper()
		s := newSystem(t)
		s.now = s.now.Add(time.Hour) // longer than clocks differ
		ok(t, s.keys.maintain(t.Context()))
		return s, active(t, s.keys, algES256)
	}
	waiting := func(s *system) string { return s.keys.state.Load().waiting(algES256).KID }

	t.Run("active", func(t *testing.T) {
		s, kid := start(t)
		next := waiting(s)
		revoke(t, s, kid)
		if got := active(t, s.keys, algES256); got != next {
			t.Errorf("%s signs, want the waiting %s", got, next)
		}
		rotates(t, s)
	})
	t.Run("active, just made", func(t *testing.T) {
		s := newSystem(t)
		revoke(t, s, active(t, s.keys, algES256))
		rotates(t, s)
	})
	t.Run("waiting", func(t *testing.T) {
		s, kid := start(t)
		revoke(t, s, waiting(s))
		if got := active(t, s.keys, algES256); got != kid {
			t.Errorf("%s signs, want %s as before", got, kid)
		}
		rotates(t, s)
	})
	t.Run("active, its successor scheduled", func(t *testing.T) {
		s, kid := start(t)
		_, err := s.keys.Rotate(t.Context()) // the waiting one was published long enough only later
		ok(t, err)
		if active(t, s.keys, algES256) != kid {
			t.Fatal("the rotation was not put off")
		}
		revoke(t, s, kid)
		stopgap := active(t, s.keys, algES256)
		s.now = s.now.Add(prePublish + time.Second)
		ok(t, s.keys.maintain(t.Context()))
		if got := states(t, s.keys, algES256); got[stopgap] != idp.KeyRetiring {
			t.Errorf("after the scheduled one took over, the stopgap is %s, want retiring while its tokens live", got[stopgap])
		}
		later := active(t, s.keys, algES256)
		rotates(t, s)
		if got := states(t, s.keys, algES256)[later]; got == idp.KeyActive {
			t.Error("the chain stopped")
		}
	})
	t.Run("scheduled", func(t *testing.T) {
		s, kid := start(t)
		next := waiting(s)
		_, err := s.keys.Rotate(t.Context())
		ok(t, err)
		revoke(t, s, next)
		s.now = s.now.Add(prePublish + time.Second)
		ok(t, s.keys.maintain(t.Context()))
		if got := active(t, s.keys, algES256); got != kid {
			t.Errorf("%s signs, want %s: its successor was revoked", got, kid)
		}
		if got := states(t, s.keys, algES256)[kid]; got != idp.KeyActive {
			t.Errorf("it is %s", got)
		}
		rotates(t, s)
	})
	t.Run("retiring", func(t *testing.T) {
		s, kid := start(t)
		s.now = s.now.Add(prePublish)
		_, err := s.keys.Rotate(t.Context())
		ok(t, err)
		now := active(t, s.keys, algES256)
		if now == kid {
			t.Fatal("no rotation")
		}
		revoke(t, s, kid)
		if got := active(t, s.keys, algES256); got != now {
			t.Errorf("%s signs, want %s as before", got, now)
		}
		rotates(t, s)
	})
	t.Run("twice", func(t *testing.T) {
		s, kid := start(t)
		revoke(t, s, kid)
		next := active(t, s.keys, algES256)
		revoke(t, s, kid)
		if got := active(t, s.keys, algES256); got != next {
			t.Error("revoking a revoked key changes which one signs")
		}
	})
	t.Run("unknown", func(t *testing.T) {
		s, kid := start(t)
		if err := s.keys.Revoke(t.Context(), "x"); !errors.Is(err, idp.ErrNotFound) || active(t, s.keys, algES256) != kid {
			t.Errorf("%v", err)
		}
	})
	t.Run("one after the other", func(t *testing.T) {
		s, _ := start(t)
		for range 4 {
			revoke(t, s, active(t, s.keys, algES256))
		}
		rotates(t, s)
	})
}

// Instances that revoke and rotate at the same moment end with one key that
// signs, the same for all.
func TestRevokesRacing(t *testing.T) {
	s := newSystem(t)
	s.now = s.now.Add(time.Hour)
	ok(t, s.keys.maintain(t.Context()))
	stolen := active(t, s.keys, algES256)
	rings := make([]*Keyring, 4)
	for i := range rings {
		rings[i] = s.openKeyring()
	}
	var group sync.WaitGroup
	errs := make([]error, 2*len(rings))
	for i, k := range rings {
		group.Go(func() { errs[2*i] = k.Revoke(context.WithoutCancel(t.Context()), stolen) })
		group.Go(func() { errs[2*i+1] = k.maintain(context.WithoutCancel(t.Context())) })
	}
	group.Wait()
	ok(t, errors.Join(errs...))
	var signing []string
	for _, k := range rings {
		ok(t, k.load(t.Context()))
		signing = append(signing, active(t, k, algES256))
	}
	if signing = slices.Compact(signing); len(signing) != 1 || signing[0] == stolen {
		t.Errorf("keys %q sign, %s was revoked", signing, stolen)
	}
}

// When the store fails half way, the key still signs or is revoked, and trying again helps.
func TestRevokeThatFails(t *testing.T) {
	s := newSystem(t)
	ok(t, s.keys.maintain(t.Context()))
	stolen := active(t, s.keys, algES256)
	broken := &brokenKeys{KeyStore: s.stores.Keys}
	s.keys.o.Store = broken
	broken.revokes = true
	if err := s.keys.Revoke(t.Context(), stolen); !errors.Is(err, idp.ErrUnavailable) {
		t.Fatalf("%v", err)
	}
	if _, err := s.p.IssueToPerson(t.Context(), s.user("ada", idp.RoleUser), "", "", false); err != nil {
		t.Errorf("nothing signs: %v", err)
	}
	broken.revokes = false
	ok(t, s.keys.Revoke(t.Context(), stolen))
	if published(s.keys, stolen) {
		t.Error("still published")
	}
}

// brokenKeys is a store of which one verb does not answer.
type brokenKeys struct {
	idp.KeyStore
	revokes bool
}

func (b *brokenKeys) RevokeKey(ctx context.Context, kid string, at time.Time) error {
	if b.revokes {
		return idp.ErrUnavailable
	}
	return b.KeyStore.RevokeKey(ctx, kid, at)
}

// A key lives on as long as any token can that it signed, also when the
// settings made such lives shorter meanwhile.
func TestRetirementFollowsTheSettings(t *testing.T) {
	s := newSystem(t)
	var saved time.Time
	s.keys.o.SettingsSaved = func() time.Time { return saved }
	s.set.AccessTokenTTL = 24 * time.Hour
	s.now = s.now.Add(time.Hour)
	ok(t, s.keys.maintain(t.Context()))
	s.now = s.now.Add(prePublish)
	first := active(t, s.keys, algES256)
	out := s.issue(s.user("ada", idp.RoleUser), false)
	_, err := s.keys.Rotate(t.Context())
	ok(t, err)
	if active(t, s.keys, algES256) == first {
		t.Fatal("no rotation")
	}
	s.now = s.now.Add(time.Minute)
	s.set.AccessTokenTTL, saved = 5*time.Minute, s.now
	s.now = s.now.Add(23 * time.Hour)
	ok(t, s.keys.maintain(t.Context()))
	if got := s.inspect(out.AccessToken); got.KeyState != idp.KeyRetiring || got.Expired {
		t.Errorf("while its token lives the key is %s", got.KeyState)
	}
	s.now = s.now.Add(2 * time.Hour)
	ok(t, s.keys.maintain(t.Context()))
	if got := states(t, s.keys, algES256)[first]; got != idp.KeyRetired {
		t.Errorf("afterwards it is %s", got)
	}
	// Longer lives do not bring a key back whose private part is wiped.
	s.set.AccessTokenTTL, saved = 24*time.Hour, s.now
	if got := states(t, s.keys, algES256)[first]; got != idp.KeyRetired {
		t.Errorf("after longer lives it is %s", got)
	}
	_, err = s.p.Authenticate(t.Context(), out.AccessToken)
	refused(t, err, http.StatusUnauthorized, codeInvalidToken)
}
