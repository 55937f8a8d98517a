package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// What came of a try to sign in.
const (
	in        = "signed in"
	refused   = "refused"
	throttled = "throttled"
)

// throttledSystem counts little, and believes the proxy on this machine.
func throttledSystem(t *testing.T, m mode) *system {
	t.Helper()
	return startSystem(t, m, "GATEHOUSE_TRUSTED_PROXIES=127.0.0.0/8", "GATEHOUSE_SIGNIN_ACCOUNT_LIMIT=4", "GATEHOUSE_SIGNIN_NETWORK_LIMIT=8")
}

// from is a new browser at an address on the internet.
func (s *system) from(t *testing.T, ip string) *browser {
	t.Helper()
	b := s.newBrowser(t)
	b.client.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set("X-Forwarded-For", ip)
		return http.DefaultTransport.RoundTrip(req)
	})
	return b
}

// try signs in and says what came of it.
func (b *browser) try(login, pass string) (string, *page) {
	b.t.Helper()
	p := b.signIn(b.get("/login?next=/account"), login, pass)
	text := p.doc.Find("main").Text()
	switch {
	case p.is("/account") && p.status == http.StatusOK:
		return in, p
	case strings.Contains(text, "Too many tries"):
		return throttled, p
	case strings.Contains(text, "don't match"):
		return refused, p
	}
	b.t.Fatalf("neither in nor out: %d at %s\n%s", p.status, p.url, text)
	return "", nil
}

func (b *browser) want(outcome, login, pass, why string) *page {
	b.t.Helper()
	got, p := b.try(login, pass)
	if got != outcome {
		b.t.Fatalf("%s: %s, want %s", why, got, outcome)
	}
	return p
}

func eachThrottled(t *testing.T, f func(t *testing.T, s *system)) {
	t.Helper()
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) { f(t, throttledSystem(t, m)) })
	}
}

// TestAttackerLocksOutStrangersOnly: tries from elsewhere shut an account for
// strangers, not for the browsers that its owner has used.
func TestAttackerLocksOutStrangersOnly(t *testing.T) {
	eachThrottled(t, func(t *testing.T, s *system) {
		owner := s.newUser(t)
		home := s.from(t, "198.51.100.1")
		home.want(in, owner.Username, password, "the owner at home")
		home.signOut()

		attacker := s.from(t, "203.0.113.7")
		for range 4 {
			attacker.want(refused, owner.Username, "a guess", "a guess")
		}
		attacker.want(throttled, owner.Username, "a guess", "one guess too many")
		attacker.want(throttled, owner.Username, password, "the right password after too many guesses")
		s.from(t, "192.0.2.99").want(throttled, owner.Username, password, "a strange browser elsewhere")

		home.want(in, owner.Username, password, "the owner's browser")
		home.signOut()
		// In a café behind the attacker's address as well.
		home.client.Transport = s.from(t, "203.0.113.7").client.Transport
		home.want(in, owner.Username, password, "the owner's browser in the attacker's network")
		home.signOut()
		// The owner's success has given the attacker nothing back.
		attacker.want(throttled, owner.Username, password, "the attacker after the owner's success")

		// What is known of one person counts for no other, and a forged cookie for nobody.
		other := s.newUser(t)
		for range 4 {
			s.from(t, "203.0.113.8").want(refused, other.Username, "a guess", "a guess at another account")
		}
		home.want(throttled, other.Username, password, "another account in the owner's browser")
		forged := s.from(t, "192.0.2.100")
		forged.setCookie("gh_known", flip(home.cookie("gh_known")))
		forged.want(throttled, owner.Username, password, "a forged cookie")

		// The known browser has a limit of its own.
		for range 4 {
			home.want(refused, owner.Username, "a guess", "a guess in the owner's browser")
		}
		home.want(throttled, owner.Username, password, "too many guesses in the owner's browser")
	})
}

var (
	waitText  = regexp.MustCompile(`Too many tries\. Wait (\d+) minutes?, then try again\.`)
	formToken = regexp.MustCompile(`(name="(?:csrf|flow)" value=")[^"]*`)
)

// TestThrottledAreAlike: whether the account exists or not, the answer is the same.
func TestThrottledAreAlike(t *testing.T) {
	eachThrottled(t, func(t *testing.T, s *system) {
		disabled := s.newUser(t)
		if err := s.admin.Users.SetDisabled(t.Context(), disabled.ID, true); err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for i, login := range []string{s.newUser(t).Username, unique("nobody"), disabled.Username} {
			b := s.from(t, "203.0.113."+string(rune('1'+i)))
			for range 4 {
				b.want(refused, login, "a guess", login)
			}
			p := b.want(throttled, login, password, login)
			wait := waitText.FindStringSubmatch(p.doc.Find("[role=alert]").Text())
			if wait == nil || wait[1] != "15" && wait[1] != "14" {
				t.Fatalf("%s: the notice is %q", login, p.doc.Find("[role=alert]").Text())
			}
			text := strings.ReplaceAll(formToken.ReplaceAllString(p.body, "$1"), login, "LOGIN")
			texts[login] = waitText.ReplaceAllString(randomValue.ReplaceAllString(text, "RANDOM"), "WAIT")
		}
		first := ""
		for login, text := range texts {
			if first != "" && text != first {
				t.Errorf("%s is answered differently:\n%s\n---\n%s", login, text, first)
			}
			first = text
		}
	})
}

// TestNetworkLimit: many names from one network count together, and an own
// account does not wash the failures off.
func TestNetworkLimit(t *testing.T) {
	eachThrottled(t, func(t *testing.T, s *system) {
		mine, victim := s.newUser(t), s.newUser(t)
		known := s.from(t, "192.0.2.1")
		known.want(in, victim.Username, password, "the victim at home")
		known.signOut()
		const network = "203.0.113.50"
		for i := range 8 {
			b := s.from(t, network)
			b.want(refused, unique("name"), "Winter2026", "a name from the list")
			if i == 5 {
				b.want(in, mine.Username, password, "the attacker's own account")
			}
		}
		s.from(t, network).want(throttled, unique("name"), "Winter2026", "a name too many")
		s.from(t, network).want(throttled, mine.Username, password, "anybody in that network")
		s.from(t, "203.0.113.51").want(in, mine.Username, password, "the neighbours")
		known.client.Transport = s.from(t, network).client.Transport
		known.want(in, victim.Username, password, "a known browser in that network")
		// IPv6 is given out by the /64.
		for i := range 8 {
			s.from(t, "2001:db8:1:2::"+string(rune('1'+i))).want(refused, unique("name"), "Winter2026", "a name from a /64")
		}
		s.from(t, "2001:db8:1:2:ffff::1").want(throttled, mine.Username, password, "the same /64")
		s.from(t, "2001:db8:1:3::1").want(in, mine.Username, password, "another /64")
	})
}

// TestSuccessTakesBackOnlyItself: a sign-in from a strange browser leaves the
// failures before it where they are.
func TestSuccessTakesBackOnlyItself(t *testing.T) {
	eachThrottled(t, func(t *testing.T, s *system) {
		user := s.newUser(t)
		attacker := s.from(t, "203.0.113.7")
		for range 3 {
			attacker.want(refused, user.Username, "a guess", "a guess")
		}
		for range 5 { // the owner signs in on new machines, more often than the limit
			s.from(t, "198.51.100.1").want(in, user.Username, password, "the owner on a new machine")
		}
		attacker.want(refused, user.Username, "a guess", "the last guess")
		attacker.want(throttled, user.Username, "a guess", "one guess too many")
	})
}

// TestForwardedForIsNotBelieved: who is not behind a proxy of ours cannot
// choose the network that counts.
func TestForwardedForIsNotBelieved(t *testing.T) {
	s := startSystem(t, onSQLite, "GATEHOUSE_SIGNIN_NETWORK_LIMIT=4")
	for i := range 4 {
		s.from(t, "203.0.113."+string(rune('1'+i))).want(refused, unique("name"), "Winter2026", "a name from the list")
	}
	s.from(t, "203.0.113.9").want(throttled, unique("name"), "Winter2026", "another address in the header")
	// And behind one, only what the proxy itself has seen counts.
	s = throttledSystem(t, onSQLite)
	for i := range 8 {
		s.from(t, string(rune('1'+i))+".2.3.4, 203.0.113.77").want(refused, unique("name"), "Winter2026", "a name from the list")
	}
	s.from(t, "9.2.3.4, 203.0.113.77").want(throttled, unique("name"), "Winter2026", "another address in the header")
}
