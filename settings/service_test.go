package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/settings"
	"gatehouse/storage"
)

// openStore opens a new database of its own.
func openStore(t *testing.T) idp.SettingsStore {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "s.db")
	m, err := storage.Migrator(url)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	stores, err := storage.Open(t.Context(), storage.Options{DatabaseURL: url, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	return stores.Settings
}

func open(t *testing.T, o settings.Options) *settings.Service {
	t.Helper()
	if o.Base == (idp.Settings{}) {
		o.Base = idp.DefaultSettings()
	}
	s := settings.New(o)
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func values(t *testing.T, object string) map[string]json.RawMessage {
	t.Helper()
	var v map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// faultsOf returns "field: message" of each fault.
func faultsOf(t *testing.T, err error) []string {
	t.Helper()
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v, want *idp.InvalidError", err)
	}
	var out []string
	for _, f := range invalid.Faults {
		out = append(out, f.Field+": "+f.Message)
	}
	return out
}

func TestSaveIsInForceAtOnceAndForOthersAfterLoading(t *testing.T) {
	store := openStore(t)
	here, there := open(t, settings.Options{Store: store}), open(t, settings.Options{Store: store})
	if here.Current() != idp.DefaultSettings() || !here.Version().IsZero() {
		t.Fatalf("nothing saved: %+v of %v", here.Current(), here.Version())
	}
	if err := here.Save(t.Context(), values(t, `{"access_token_ttl":"5m","signup":"open","password_min_length":15,"product_name":" Acme "}`), time.Time{}); err != nil {
		t.Fatal(err)
	}
	want := idp.DefaultSettings()
	want.AccessTokenTTL, want.Signup, want.PasswordMinLength, want.ProductName = 5*time.Minute, idp.SignupOpen, 15, "Acme"
	if here.Current() != want {
		t.Errorf("here %+v, want %+v", here.Current(), want)
	}
	if there.Current() != idp.DefaultSettings() {
		t.Error("another instance knows without reading")
	}
	if err := there.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if there.Current() != want || !there.Version().Equal(here.Version()) || here.Version().IsZero() {
		t.Errorf("there %+v of %v, want %+v of %v", there.Current(), there.Version(), want, here.Version())
	}
	// null goes back to the default.
	if err := there.Save(t.Context(), values(t, `{"signup":null,"access_token_ttl":null}`), there.Version()); err != nil {
		t.Fatal(err)
	}
	want.Signup, want.AccessTokenTTL = idp.SignupClosed, 10*time.Minute
	if there.Current() != want {
		t.Errorf("after null %+v, want %+v", there.Current(), want)
	}
}

func TestSaveRefuses(t *testing.T) {
	base := idp.DefaultSettings()
	base.SessionTTL, base.IDTokenTTL = 100*time.Hour, time.Second // as an operator may
	s := open(t, settings.Options{
		Store: openStore(t), Base: base,
		Fixed: map[string]string{"session_ttl": "the variable GATEHOUSE_SESSION_TTL", "id_token_ttl": "the variable GATEHOUSE_ID_TOKEN_TTL"},
		CheckAccent: func(accent string) error {
			if accent == "#ffffff" {
				return errors.New("too light")
			}
			return nil
		},
	})
	for name, c := range map[string]struct {
		values string
		want   []string
	}{
		"no such setting":          {`{"frob":"x"}`, []string{"frob: is not a setting"}},
		"name in another case":     {`{"Signup":"open"}`, []string{"Signup: is not a setting"}},
		"duration as a number":     {`{"access_token_ttl":600}`, []string{"access_token_ttl: must be a duration such as 90s, 10m or 12h"}},
		"duration in words":        {`{"access_token_ttl":"ten minutes"}`, []string{"access_token_ttl: must be a duration such as 90s, 10m or 12h"}},
		"number as text":           {`{"password_min_length":"15"}`, []string{"password_min_length: must be a whole number"}},
		"text as a list":           {`{"product_name":["a"]}`, []string{"product_name: must be text"}},
		"out of bounds":            {`{"access_token_ttl":"25h"}`, []string{"access_token_ttl: must be from 1m0s to 24h0m0s"}},
		"idle beyond absolute":     {`{"refresh_token_ttl":"3000h"}`, []string{"refresh_token_ttl: must not be longer than the absolute life"}},
		"absolute below idle":      {`{"refresh_token_max_ttl":"300h"}`, []string{"refresh_token_max_ttl: must not be shorter than the life without use"}},
		"absolute below fixed":     {`{"session_max_ttl":"99h"}`, []string{"session_max_ttl: must not be shorter than the life without use"}},
		"fixed":                    {`{"session_ttl":"1h"}`, []string{"session_ttl: is set by the variable GATEHOUSE_SESSION_TTL and cannot be changed here"}},
		"fixed, back to default":   {`{"session_ttl":null}`, []string{"session_ttl: is set by the variable GATEHOUSE_SESSION_TTL and cannot be changed here"}},
		"accent that is no colour": {`{"accent":"red"}`, []string{"accent: must be a colour such as #3849c6"}},
		"accent too light":         {`{"accent":"#ffffff"}`, []string{"accent: does not stand out enough from its backgrounds; try a darker one"}},
		"logo that is no picture":  {`{"logo":"../x"}`, []string{"logo: is not a picture that was uploaded"}},
		"name of space":            {`{"product_name":"  "}`, []string{"product_name: is required"}},
		"all at once": {`{"signup":"maybe","accent":"#fff","access_token_ttl":"1s"}`, []string{
			"accent: must be a colour such as #3849c6", "access_token_ttl: must be from 1m0s to 24h0m0s", "signup: must be closed or open",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := faultsOf(t, s.Save(t.Context(), values(t, c.values), time.Time{}))
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("faults %q, want %q", got, c.want)
			}
			if s.Current() != base || !s.Version().IsZero() {
				t.Errorf("something changed: %+v", s.Current())
			}
		})
	}
	// What is fixed may be given as it is, and both lives may change together.
	err := s.Save(t.Context(), values(t, `{"session_ttl":"100h","refresh_token_ttl":"1h","refresh_token_max_ttl":"2h"}`), time.Time{})
	if err != nil || s.Current().RefreshTokenMaxTTL != 2*time.Hour {
		t.Errorf("%+v, %v", s.Current(), err)
	}
}

func TestSaveOfNothingNew(t *testing.T) {
	s := open(t, settings.Options{Store: openStore(t)})
	if err := s.Save(t.Context(), settings.Encode(s.Current()), time.Time{}); err != nil || !s.Version().IsZero() {
		t.Errorf("the settings as they are: version %v, %v", s.Version(), err)
	}
	if err := s.Save(t.Context(), values(t, `{"signup":null}`), time.Time{}); err != nil || !s.Version().IsZero() {
		t.Errorf("the default of what was never set: version %v, %v", s.Version(), err)
	}
}

func TestSaveOnAnOldVersion(t *testing.T) {
	store := openStore(t)
	here, there := open(t, settings.Options{Store: store}), open(t, settings.Options{Store: store})
	never := time.Unix(0, 0)
	if err := here.Save(t.Context(), values(t, `{"signup":"open"}`), never); err != nil {
		t.Fatal(err)
	}
	if err := there.Save(t.Context(), values(t, `{"signup":"closed"}`), never); !errors.Is(err, idp.ErrStale) {
		t.Errorf("as if nothing had been saved: %v, want ErrStale", err)
	}
	old := here.Version()
	if err := there.Save(t.Context(), values(t, `{"product_name":"Acme"}`), old); err != nil {
		t.Fatalf("on the last version, which was not read here: %v", err)
	}
	if err := here.Save(t.Context(), values(t, `{"product_name":"Other"}`), old); !errors.Is(err, idp.ErrStale) {
		t.Errorf("on an old version: %v, want ErrStale", err)
	}
	// What the other one saved stays.
	if err := here.Save(t.Context(), values(t, `{"password_min_length":20}`), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := here.Current(); got.ProductName != "Acme" || got.Signup != idp.SignupOpen || got.PasswordMinLength != 20 {
		t.Errorf("%+v", got)
	}
}

// Of many who change the two lives at once, none may end in a pair that is not valid.
func TestSavesRacing(t *testing.T) {
	store := openStore(t)
	if err := open(t, settings.Options{Store: store}).Save(t.Context(), values(t, `{"session_ttl":"5h"}`), time.Time{}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var saved atomic.Int64
	for i := range 8 {
		s := open(t, settings.Options{Store: store})
		change := values(t, `{"session_ttl":"100h"}`)
		if i%2 == 0 {
			change = values(t, `{"session_max_ttl":"50h"}`)
		}
		group.Go(func() {
			if s.Save(context.WithoutCancel(t.Context()), change, time.Time{}) == nil {
				saved.Add(1)
			}
		})
	}
	group.Wait()
	got := open(t, settings.Options{Store: store}).Current()
	if saved.Load() == 0 || got.SessionTTL > got.SessionMaxTTL || got.SessionTTL == 5*time.Hour && got.SessionMaxTTL == 168*time.Hour {
		t.Errorf("%d saved, idle %s, absolute %s", saved.Load(), got.SessionTTL, got.SessionMaxTTL)
	}
}

// What was saved before a variable was set, or by another version, must not
// stop the start, nor win.
func TestSavedValuesThatAreNotValidHere(t *testing.T) {
	store := openStore(t)
	err := store.SaveSettings(t.Context(), map[string][]byte{
		"signup": []byte(`"open"`), "access_token_ttl": []byte(`"1s"`), "refresh_token_max_ttl": []byte(`"100h"`),
		"refresh_token_ttl": []byte(`"50h"`), "frob": []byte(`1`), "accent": []byte(`7`), "session_ttl": []byte(`"2h"`),
	}, time.Now(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	base := idp.DefaultSettings()
	base.RefreshTokenTTL, base.Signup = 200*time.Hour, idp.SignupClosed
	var log strings.Builder
	s := open(t, settings.Options{
		Store: store, Base: base, Fixed: map[string]string{"refresh_token_ttl": "a variable", "signup": "a variable"},
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	want := base
	want.SessionTTL = 2 * time.Hour
	if s.Current() != want {
		t.Errorf("%+v, want %+v", s.Current(), want)
	}
	for _, name := range []string{"access_token_ttl", "refresh_token_max_ttl", "frob", "accent"} {
		if !strings.Contains(log.String(), name) {
			t.Errorf("the log does not name %s: %s", name, log.String())
		}
	}
	if by := s.FixedBy("signup"); by != "a variable" || s.FixedBy("accent") != "" {
		t.Errorf("signup is fixed by %q, accent by %q", by, s.FixedBy("accent"))
	}
}

// A store that fails leaves the last good settings.
func TestLoadFails(t *testing.T) {
	store := &failing{SettingsStore: openStore(t)}
	s := open(t, settings.Options{Store: store})
	if err := s.Save(t.Context(), values(t, `{"signup":"open"}`), time.Time{}); err != nil {
		t.Fatal(err)
	}
	store.fails.Store(true)
	if err := s.Load(t.Context()); !errors.Is(err, idp.ErrUnavailable) || s.Current().Signup != idp.SignupOpen {
		t.Errorf("%v, signup %s", err, s.Current().Signup)
	}
	if err := s.Save(t.Context(), values(t, `{"signup":"closed"}`), time.Time{}); !errors.Is(err, idp.ErrUnavailable) || s.Current().Signup != idp.SignupOpen {
		t.Errorf("%v, signup %s", err, s.Current().Signup)
	}
}

// failing is a store that does not answer for a while.
type failing struct {
	idp.SettingsStore
	fails atomic.Bool
}

func (f *failing) Settings(ctx context.Context) (*idp.StoredSettings, error) {
	if f.fails.Load() {
		return nil, idp.ErrUnavailable
	}
	return f.SettingsStore.Settings(ctx)
}

// Encode and Save are inverse, member by member.
func TestEncode(t *testing.T) {
	all := idp.Settings{
		AccessTokenTTL: time.Minute, IDTokenTTL: 2 * time.Minute, RefreshTokenTTL: 3 * time.Minute, RefreshTokenMaxTTL: 4 * time.Minute,
		SessionTTL: 5 * time.Minute, SessionMaxTTL: 90 * time.Minute, PasswordMinLength: 9, Signup: idp.SignupOpen,
		ProductName: "Acme", Accent: "#123456", Logo: strings.Repeat("0f", 32), AuditRetention: 48 * time.Hour,
	}
	s := open(t, settings.Options{Store: openStore(t)})
	if err := s.Save(t.Context(), settings.Encode(all), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if s.Current() != all {
		t.Errorf("%+v, want %+v", s.Current(), all)
	}
	if got := string(settings.Encode(all)["session_max_ttl"]); got != `"1h30m"` {
		t.Errorf("a duration is %s", got)
	}
	if n := len(slices.Collect(maps.Keys(settings.Encode(all)))); n != 12 {
		t.Errorf("%d settings", n)
	}
}
