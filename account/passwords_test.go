package account

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"gatehouse/idp"
)

var cheap = HashParams{MemoryKiB: 64, Time: 1, Threads: 1}

func TestHashAndVerify(t *testing.T) {
	p := NewPasswords(cheap, 2, nil)
	hash, err := p.Hash(t.Context(), "Caf\u00e9 on the corner")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") || p.NeedsRehash(hash) {
		t.Fatalf("hash %s", hash)
	}
	again, err := p.Hash(t.Context(), "Caf\u00e9 on the corner")
	if err != nil || again == hash {
		t.Fatalf("two hashes of one password are equal, or %v", err)
	}
	for name, c := range map[string]struct {
		password string
		want     bool
	}{
		"same":                       {"Caf\u00e9 on the corner", true},
		"é composed by the keyboard": {"Cafe\u0301 on the corner", true},
		"no-break spaces":            {"Caf\u00e9\u00a0on\u00a0the\u00a0corner", true},
		"other case":                 {"caf\u00e9 on the corner", false},
		"longer":                     {"Caf\u00e9 on the corner ", false},
		"NUL after":                  {"Caf\u00e9 on the corner\x00", false},
		"invalid UTF-8":              {"Caf\xe9 on the corner", false},
		"empty":                      {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := p.Verify(t.Context(), hash, c.password)
			if err != nil || ok != c.want {
				t.Fatalf("%v %v", ok, err)
			}
		})
	}
}

func TestVerifyImported(t *testing.T) {
	p := NewPasswords(cheap, 1, nil)
	made, err := bcrypt.GenerateFromPassword([]byte("abcdefgh"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		hash, password string
		want           bool
		err            error
	}{
		"bcrypt":                     {string(made), "abcdefgh", true, nil},
		"bcrypt, wrong":              {string(made), "abcdefgi", false, nil},
		"bcrypt, repeated after NUL": {string(made), "abcdefgh\x00abcdefgh", false, nil},
		"argon2id of other costs":    {referenceHash, "password", true, nil},
		"argon2id, wrong":            {referenceHash, "passwort", false, nil},
		"none":                       {"", "abcdefgh", false, nil},
		"none, empty password":       {"", "", false, nil},
		"unknown kind":               {"{SHA}x", "abcdefgh", false, errHashForm},
		"plain text":                 {"abcdefgh", "abcdefgh", false, errHashForm},
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := p.Verify(t.Context(), c.hash, c.password)
			if ok != c.want || !errors.Is(err, c.err) {
				t.Fatalf("%v %v", ok, err)
			}
			if !p.NeedsRehash(c.hash) {
				t.Error("is taken for one of ours")
			}
		})
	}
	if !p.Understands(string(made)) || !p.Understands(referenceHash) || p.Understands("{SHA}x") || p.Understands("") {
		t.Error("Understands is wrong about a hash")
	}
}

// The dummy that stands in for nobody must not be one that somebody can match.
func TestDummyMatchesNothing(t *testing.T) {
	p := NewPasswords(cheap, 1, nil)
	for _, password := range []string{"", "\x00", "password", "dummy"} {
		if p.dummy.matches(password) {
			t.Errorf("%q matches", password)
		}
	}
	if err := p.VerifyNone(t.Context(), "password"); err != nil {
		t.Error(err)
	}
}

func TestTooLongIsRefusedBeforeHashing(t *testing.T) {
	var runs atomic.Int64
	p := NewPasswords(cheap, 1, func(int, time.Duration) { runs.Add(1) })
	long := strings.Repeat("a", MaxPasswordBytes+1)
	_, hashErr := p.Hash(t.Context(), long)
	_, verifyErr := p.Verify(t.Context(), referenceHash, long)
	for _, err := range []error{hashErr, verifyErr} {
		var invalid *idp.InvalidError
		if !errors.As(err, &invalid) || invalid.Faults[0].Field != "password" || !errors.Is(err, ErrBadCredentials) {
			t.Errorf("answer is %v", err)
		}
		if err != nil && !strings.Contains(err.Error(), "at most 1024 bytes") {
			t.Errorf("fault is not clear: %v", err)
		}
	}
	if runs.Load() != 0 {
		t.Errorf("%d hashes ran", runs.Load())
	}
	if _, err := p.Hash(t.Context(), long[1:]); err != nil {
		t.Errorf("1024 bytes: %v", err)
	}
	if _, err := p.Hash(t.Context(), "a\x00b"); err == nil || errors.Is(err, ErrBadCredentials) {
		t.Errorf("NUL is hashed: %v", err)
	}
}

func TestGateBoundsAndHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			waiting int
			waited  time.Duration
		}
		var mu sync.Mutex
		var observed []seen
		g := newGate(2, func(n int, d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			observed = append(observed, seen{n, d})
		})
		first, _ := g.enter(t.Context(), 1)
		second, _ := g.enter(t.Context(), 1)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.enter(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a third entered: %v", err)
		}
		if _, err := g.enter(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("entered with a context that had ended: %v", err)
		}

		done := make(chan struct{})
		go func() {
			defer close(done)
			leave, err := g.enter(t.Context(), 1)
			if err != nil {
				t.Error(err)
				return
			}
			leave()
		}()
		synctest.Wait()
		if n := g.waiting.Load(); n != 1 {
			t.Fatalf("%d wait", n)
		}
		time.Sleep(3 * time.Second)
		first()
		<-done
		second()
		want := []seen{{0, 0}, {0, 0}, {0, time.Second}, {0, 3 * time.Second}}
		if len(observed) != len(want) {
			t.Fatalf("observed %v", observed)
		}
		for i := range want {
			if observed[i] != want[i] {
				t.Errorf("observed %v, want %v", observed[i], want[i])
			}
		}
	})
}

func TestGateQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, nil)
		leave, _ := g.enter(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range queuePerSlot {
			wg.Go(func() {
				if _, err := g.enter(ctx, 1); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if _, err := g.enter(ctx, 1); !errors.Is(err, ErrBusy) || !errors.Is(err, idp.ErrUnavailable) {
			t.Fatalf("queue beyond its end: %v", err)
		}
		cancel()
		wg.Wait()
		leave()
		if leave, err := g.enter(t.Context(), 1); err != nil {
			t.Fatal(err)
		} else {
			leave()
		}
		if n := g.waiting.Load(); n != 0 {
			t.Fatalf("%d still wait", n)
		}
	})
}

// An imported hash of more memory takes the places of several of ours, but
// never more than there are, or it would wait for ever.
func TestPlacesFollowMemory(t *testing.T) {
	p := NewPasswords(HashParams{MemoryKiB: 19456, Time: 2, Threads: 1}, 2, nil)
	if n := p.places(referenceHash); n != 4 {
		t.Errorf("64 MiB take %d places of 19 MiB", n)
	}
	if n := p.places(""); n != 1 {
		t.Errorf("nothing takes %d places", n)
	}
	if ok, err := p.Verify(t.Context(), referenceHash, "password"); !ok || err != nil {
		t.Errorf("more places than there are: %v %v", ok, err)
	}
}

func TestHashesRunAtOnceAsManyAsSlots(t *testing.T) {
	p := NewPasswords(cheap, 3, nil)
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			leave, err := p.gate.enter(t.Context(), 1)
			if err != nil {
				t.Error(err)
				return
			}
			defer leave()
			n := inside.Add(1)
			defer inside.Add(-1)
			for {
				m := most.Load()
				if n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			time.Sleep(time.Millisecond)
		})
	}
	wg.Wait()
	if most.Load() != 3 {
		t.Errorf("%d ran at once", most.Load())
	}
}
