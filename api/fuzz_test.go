package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// A patch never panics, never changes what it does not name, and a record is
// as it was when the patch is refused.
func FuzzUserPatch(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name":"x"}`, `{"name":null,"address":{"country":"NL","locality":null}}`, `{"ROLES":["Admin"],"roles":null}`, `{"expires_at":"soon"}`,
		`{"address":null}`, `{"address":[1]}`, `[{}]`, `{"name":"a","name":"b"}`, `{"expires_at":"2031-01-02T03:04:05+02:00","status":""}`, `{"a":{"b":{"c":null}}}`, `null`, ``, "{\"name\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	expires := time.Date(2031, 1, 2, 3, 4, 5, 6000, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parseMembers(body)
		if err != nil {
			return
		}
		u := &idp.User{
			ID: "id", Username: "ada", Email: "ada@example.com", Name: "Ada", Roles: []string{"User"}, Status: idp.UserActive,
			EmailVerified: true, Address: idp.Address{Country: "GB", Locality: "London"}, ExpiresAt: &expires,
		}
		before := u.Clone()
		named := m.only(writable()...) == nil
		if err := patch(u, m); err != nil {
			if !reflect.DeepEqual(u, before) {
				t.Errorf("%s is refused and changed %+v", body, u)
			}
			return
		}
		if !named {
			return // refused before it came here
		}
		if u.ID != before.ID || u.FailedAuthCount != 0 || !u.CreatedAt.IsZero() {
			t.Errorf("%s changed what it may not: %+v", body, u)
		}
		was, is := asMembers(t, before), asMembers(t, u)
		for name := range was {
			if !m.has(name) && string(was[name]) != string(is[name]) {
				t.Errorf("%s does not name %s and changed it from %s to %s", body, name, was[name], is[name])
			}
			if m.has(name) && string(m[name]) == "null" && name != "address" && string(is[name]) != `""` && string(is[name]) != "null" && string(is[name]) != "false" {
				t.Errorf("%s takes %s away, it is %s", body, name, is[name])
			}
		}
	})
}

func asMembers(t *testing.T, v any) members {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	m := members{}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// What a condition holds is what was sent, and only a tag of ours, strong, gives a version.
func FuzzIfMatch(f *testing.F) {
	tag := entityTag(time.UnixMicro(1_900_000_000_000_000), []byte("x"))
	for _, seed := range []string{tag, "W/" + tag, "*", ` "a" , W/"b",,"c"`, `"`, `""`, `W/`, `"a"b"`, `"a" "b"`, "\"\x00\"", strings.Repeat(`"a",`, 40), `"-1.x"`, `"zzzzzzzzzzzzzzzzzz.x"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCondition([]string{text})
		if err != nil {
			return
		}
		if len(c.tags) > maxTags || c.any && len(c.tags) > 0 {
			t.Errorf("%q: %+v", text, c)
		}
		for _, one := range c.tags {
			if !strings.Contains(text, one) || strings.Count(one, `"`) != 2 || !strings.HasSuffix(one, `"`) {
				t.Errorf("%q holds no tag %q", text, one)
			}
		}
		now := time.UnixMicro(1_900_000_000_000_000).UTC()
		since, err := c.since(now)
		if err == nil && since.IsZero() && len(c.tags) > 0 {
			t.Errorf("%q asks for a version and gets none", text)
		}
		if err == nil && since.Equal(now) {
			found := false
			for _, one := range c.tags {
				v, ours := versionOf(one)
				found = found || ours && v.Equal(now) && !strings.HasPrefix(one, "W/")
			}
			if !found {
				t.Errorf("%q names no version that is now", text)
			}
		}
	})
}

// A key is what was sent, without the quotes around it.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"8e03978e-40d5-43dd-bc93-6894a57f9324", `"8e03978e"`, `"`, `""`, `"a`, `a"`, "a b", "\x00", "ä", strings.Repeat("k", 129), `\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := onceKey([]string{text})
		if err != nil {
			return
		}
		if key == "" || len(key) > maxOnceKey || text != key && text != `"`+key+`"` {
			t.Errorf("%q: %q", text, key)
		}
		// What a header cannot hold must not be in it.
		r := http.Header{}
		r.Set(headerOnce, key)
		if strings.ContainsAny(key, "\r\n\x00") {
			t.Errorf("%q", key)
		}
	})
}

func TestEntityTagIsRead(t *testing.T) {
	at := time.Date(2031, 1, 2, 3, 4, 5, 678_000, time.UTC)
	v, ours := versionOf(entityTag(at, []byte("{}")))
	if !ours || !v.Equal(at) {
		t.Errorf("%v %v", v, ours)
	}
	if entityTag(at, []byte("a")) == entityTag(at, []byte("b")) {
		t.Error("two bodies have one tag")
	}
}
