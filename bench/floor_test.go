package bench

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// floorVariable makes the test binary run the floor; it holds a floorConfig.
const floorVariable = "GATEHOUSE_BENCH_FLOOR"

type floorConfig struct {
	Listen        string
	Twin          string // where Gatehouse answers, for documents of the same size
	Redis, SQLite string // one of them
}

// floor answers what Gatehouse answers and does nothing that could be left out.
type floor struct {
	signer
	grants  grants
	clients map[string][sha256.Size]byte // digests of secrets
	hash    []byte                       // of the password
	slots   chan struct{}                // each holds 19 MiB
}

func runFloor(text string) error {
	var c floorConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	stored, err := openGrants(c)
	if err != nil {
		return err
	}
	f := &floor{
		signer: newSigner(c.Twin), grants: stored, slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		clients: map[string][sha256.Size]byte{
			application.id: sha256.Sum256([]byte(application.secret)), quick.id: sha256.Sum256([]byte(quick.secret)),
		},
		hash: derive(password),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth2/authorize", f.authorize)
	mux.HandleFunc("POST /oauth2/token", f.token)
	mux.HandleFunc("POST /oauth2/introspect", f.introspect)
	mux.HandleFunc("GET /oauth2/userinfo", f.userinfo)
	for _, path := range []string{"/.well-known/jwks.json", firstPage} {
		ready, err := readyBytes(c.Twin + path)
		if err != nil {
			return err
		}
		mux.HandleFunc("GET "+path, ready)
	}
	return http.ListenAndServe(c.Listen, mux)
}

func readyBytes(from string) (http.HandlerFunc, error) {
	res, err := http.Get(from)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}, err
}

func derive(password string) []byte {
	return argon2.IDKey([]byte(password), []byte("sixteen bytes..."), 2, 19*1024, 1, 32)
}

// grant is what is stored.
type grant struct {
	Client    string `json:"c"`
	User      string `json:"u,omitempty"`
	Scope     string `json:"s"`
	Challenge string `json:"p,omitempty"`
}

const (
	accessLife = 10 * time.Minute
	grantLife  = 24 * time.Hour
)

var errRefused = errors.New("refused")

// authorize hands out a code; it is not measured.
func (f *floor) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	g := grant{q.Get("client_id"), "1", q.Get("scope"), q.Get("code_challenge")}
	id := rand.Text()
	if err := f.grants.put(r.Context(), id, 0, g, grantLife); err != nil {
		answer(w, nil, err)
		return
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?code="+f.mint(id, 0), http.StatusSeeOther)
}

// client reads the form and says who sent it.
func (f *floor) client(r *http.Request) (string, url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return "", nil, err
	}
	id, secret, _ := r.BasicAuth()
	want, known := f.clients[id]
	got := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !known {
		return "", nil, errRefused
	}
	return id, r.PostForm, nil
}

type tokens struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token,omitempty"`
	Scope   string `json:"scope,omitempty"`
	ID      string `json:"id_token,omitempty"`
}

func (f *floor) token(w http.ResponseWriter, r *http.Request) {
	client, form, err := f.client(r)
	if err != nil {
		answer(w, nil, err)
		return
	}
	var id string
	var next int // generation of the refresh token, 0 for none
	var g grant
	switch form.Get("grant_type") {
	case "client_credentials":
		id, g = rand.Text(), grant{Client: client, Scope: form.Get("scope")}
		err = f.grants.put(r.Context(), id, next, g, accessLife)
	case "password":
		if !f.isPassword(form.Get("password")) {
			err = errRefused
			break
		}
		id, next, g = rand.Text(), 1, grant{Client: client, User: "1", Scope: form.Get("scope")}
		err = f.grants.put(r.Context(), id, next, g, grantLife)
	case "authorization_code":
		id, next, g, err = f.spend(r, form.Get("code"))
		if sum := sha256.Sum256([]byte(form.Get("code_verifier"))); g.Challenge != b64.EncodeToString(sum[:]) {
			err = errRefused
		}
	case "refresh_token":
		id, next, g, err = f.spend(r, form.Get("refresh_token"))
	}
	if err == nil && g.Client != client {
		err = errRefused
	}
	if err != nil {
		answer(w, nil, err)
		return
	}
	answer(w, f.issue(id, next, g), nil)
}

func (f *floor) isPassword(text string) bool {
	f.slots <- struct{}{}
	defer func() { <-f.slots }()
	return subtle.ConstantTimeCompare(derive(text), f.hash) == 1
}

// spend exchanges a code or refresh token for the generation after it.
func (f *floor) spend(r *http.Request, text string) (id string, next int, g grant, err error) {
	id, generation, err := f.read(text)
	if err == nil {
		g, err = f.grants.next(r.Context(), id, generation)
	}
	return id, generation + 1, g, err
}

func (f *floor) issue(id string, generation int, g grant) tokens {
	out := tokens{Type: "Bearer", Expires: int(accessLife / time.Second), Scope: g.Scope}
	now := time.Now()
	c := claims{
		Issuer: f.issuer, Subject: g.User, Audience: f.issuer, JTI: id + "." + rand.Text(), Client: g.Client, Scope: g.Scope,
		IssuedAt: now.Unix(), Expires: now.Add(accessLife).Unix(),
	}
	out.Access = f.signES256(c)
	if generation > 0 {
		out.Refresh = f.mint(id, generation)
	}
	if strings.Contains(g.Scope, "openid") {
		c.Audience, c.JTI, c.Scope = g.Client, "", ""
		if g.Client == quick.id {
			out.ID = f.signES256(c)
		} else {
			out.ID = f.signRS256(c)
		}
	}
	return out
}

// live checks an access token and that its grant is there.
func (f *floor) live(r *http.Request, token string) (claims, error) {
	c, err := f.verify(token)
	if err != nil {
		return c, err
	}
	id, _, _ := strings.Cut(c.JTI, ".")
	_, err = f.grants.get(r.Context(), id)
	return c, err
}

func (f *floor) introspect(w http.ResponseWriter, r *http.Request) {
	client, form, err := f.client(r)
	if err != nil {
		answer(w, nil, err)
		return
	}
	c, err := f.live(r, form.Get("token"))
	if err == nil && c.Client != client {
		err = errRefused
	}
	answer(w, struct {
		Active bool `json:"active"`
		claims
	}{true, c}, err)
}

func (f *floor) userinfo(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	c, err := f.live(r, token)
	answer(w, struct {
		Subject  string `json:"sub"`
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		Username string `json:"preferred_username"`
		Updated  int    `json:"updated_at"`
	}{c.Subject, "admin@example.com", true, "admin", 1_700_000_000}, err)
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, fmt.Sprintf("%q", err), http.StatusBadRequest)
		return
	}
	body, _ := json.Marshal(v)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}

var b64 = base64.RawURLEncoding
