package e2e

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	refusalTries = 200 // of each kind
	refusalLimit = 10 * time.Millisecond
)

// TestRefusalsAreAlike: an unknown user, a wrong password and a disabled user
// are told apart by nothing: status, text, headers or time.
func TestRefusalsAreAlike(t *testing.T) {
	for _, m := range []mode{onSQLite, onPostgres} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel() // it is mostly one processor at work
			s := startSystem(t, m, "GATEHOUSE_SIGNIN_ACCOUNT_LIMIT=100000", "GATEHOUSE_SIGNIN_NETWORK_LIMIT=100000")
			known, disabled := s.newUser(t), s.newUser(t)
			if err := s.admin.Users.SetDisabled(t.Context(), disabled.ID, true); err != nil {
				t.Fatal(err)
			}
			kinds := []refusal{
				{name: "unknown user", login: unique("nobody"), pass: password},
				{name: "wrong password", login: known.Username, pass: password + "x"},
				{name: "disabled user", login: disabled.Username, pass: password},
			}
			for i := range kinds {
				kinds[i].try(t, s, 3) // warm, and where the answers are compared
			}
			for _, k := range kinds[1:] {
				if k.answer != kinds[0].answer {
					t.Errorf("%s and %s differ:\n%s\n---\n%s", k.name, kinds[0].name, k.answer, kinds[0].answer)
				}
			}
			if !strings.Contains(kinds[0].answer, "don't match") && !strings.Contains(kinds[0].answer, "don&#39;t match") {
				t.Errorf("the answer is\n%s", kinds[0].answer)
			}
			compareTimes(t, s, kinds)
		})
	}
}

// refusal is one kind of a sign-in that is refused.
type refusal struct {
	name, login, pass string
	answer            string // without what is new each time
	took              []time.Duration
}

var (
	changingHeaders = []string{"Date", "X-Request-Id", "Content-Length"}
	randomValue     = regexp.MustCompile(`[A-Za-z0-9_-]{26,}`)
)

// try signs in n times as a new visitor each and keeps what the answers look like.
func (k *refusal) try(t *testing.T, s *system, n int) {
	t.Helper()
	for range n {
		b := s.newBrowser(t)
		var text strings.Builder
		b.client.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil || req.Method != http.MethodPost && text.Len() == 0 {
				return res, err
			}
			text.WriteString(res.Status + "\n")
			for _, name := range slices.Sorted(maps.Keys(res.Header)) {
				if !slices.Contains(changingHeaders, name) {
					text.WriteString(name + ": " + strings.Join(res.Header[name], "\n") + "\n")
				}
			}
			return res, nil
		})
		p := b.signIn(b.get("/login"), k.login, k.pass)
		got := strings.ReplaceAll(text.String()+p.body, k.login, "LOGIN")
		got = randomValue.ReplaceAllString(got, "RANDOM")
		if k.answer != "" && k.answer != got {
			t.Fatalf("%s is not answered the same twice:\n%s\n---\n%s", k.name, k.answer, got)
		}
		k.answer = got
	}
}

// compareTimes tries each kind often, in an order that favours none.
func compareTimes(t *testing.T, s *system, kinds []refusal) {
	t.Helper()
	b := s.newBrowser(t)
	form := fields(b.get("/login").doc.Find("form[method=post]").First())
	for range refusalTries {
		for _, i := range rand.Perm(len(kinds)) {
			k := &kinds[i]
			form["username"], form["password"] = []string{k.login}, []string{k.pass}
			k.took = append(k.took, b.timed(form))
		}
	}
	var medians []time.Duration
	for _, k := range kinds {
		slices.Sort(k.took)
		medians = append(medians, k.took[len(k.took)/2])
		t.Logf("%s: median %v", k.name, medians[len(medians)-1])
	}
	// Where a hash takes long, the machine is slow or busy or this is the race
	// detector, and noise grows with it. A kind without a hash would miss by most of the median.
	low, high := slices.Min(medians), slices.Max(medians)
	if limit := max(refusalLimit, low/5); high-low >= limit {
		t.Errorf("the medians are %v apart, want less than %v", high-low, limit)
	}
}

// timed posts a sign-in and returns how long the answer took.
func (b *browser) timed(form url.Values) time.Duration {
	b.t.Helper()
	req := b.s.request(b.t, "/login", form)
	began := time.Now()
	p := b.send(req)
	took := time.Since(began)
	if p.status != http.StatusSeeOther {
		b.t.Fatalf("status %d", p.status)
	}
	return took
}
