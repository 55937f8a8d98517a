package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/idp"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestReadBasic(t *testing.T) {
	for _, c := range []struct{ header, id, secret string }{
		{basic("id:secret"), "id", "secret"},
		{"bAsIc  " + base64.StdEncoding.EncodeToString([]byte("id:a%3Ab+c%2B")), "id", "a:b c+"},
		{basic("id:a:b"), "id", "a:b"},
		{basic("id:"), "id", ""},
	} {
		got, refused := readBasic(c.header)
		if refused != nil || got.id != c.id || got.secret != c.secret {
			t.Errorf("%s: %+v, %v", c.header, got, refused)
		}
	}
	for _, bad := range []string{"", "Basic", "Basic ", "Bearer x", "Basic ?", basic("noColon"), basic(":x"), basic("%zz:x"), basic("a:%"), basic("a%00:x"), basic("\xff:x")} {
		if _, refused := readBasic(bad); refused == nil || refused.Status != 401 || refused.Code != codeInvalidClient {
			t.Errorf("%q: %v", bad, refused)
		}
	}
}

func FuzzClientCredentials(f *testing.F) {
	f.Add(basic("id:secret"), "client_id=x&client_secret=y")
	f.Add("Basic", "client_id=x")
	f.Add("Bearer é", "a=b&a=c")
	f.Fuzz(func(t *testing.T, header, body string) {
		form, _ := url.ParseQuery(body)
		got, refused := readClientCredentials(Request{Form: form, Authorization: header})
		if refused != nil {
			wantSendable(t, refused)
			return
		}
		if got.id == "" || (header != "" && got.method != idp.AuthMethodBasic) {
			t.Fatalf("%q %q reads as %+v", header, body, got)
		}
	})
}

// wantSendable holds a refusal to the characters and codes that may be sent.
func wantSendable(t *testing.T, e *Error) {
	t.Helper()
	if e.Status < 400 || e.Status > 499 {
		t.Fatalf("status %d", e.Status)
	}
	for _, r := range e.Description {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			t.Fatalf("description %q", e.Description)
		}
	}
}

// oneClient is a ClientStore with a single client, for parsing alone.
type oneClient struct {
	idp.ClientStore
	client *idp.Client
}

func (o oneClient) Client(_ context.Context, id string) (*idp.Client, error) {
	if id != o.client.ID {
		return nil, idp.ErrNotFound
	}
	return o.client, nil
}

func FuzzAuthorize(f *testing.F) {
	client := &idp.Client{
		ID: "app", AuthMethod: idp.AuthMethodNone, RequirePKCE: true, RedirectURIs: []string{"https://rp.example/cb?a=b"},
		GrantTypes: []string{idp.GrantAuthorizationCode}, Scopes: []string{"openid", "email", "x"},
	}
	p := &Provider{o: Options{Issuer: "https://id.example", Clients: oneClient{client: client}}}
	p.o.Keys = &Keyring{}
	p.o.Keys.state.Store(&keySet{})
	good := "client_id=app&redirect_uri=https%3A%2F%2Frp.example%2Fcb%3Fa%3Db&response_type=code&scope=openid+email&state=s&code_challenge=" +
		strings.Repeat("A", 43) + "&code_challenge_method=S256"
	for _, more := range []string{
		"", "&prompt=none", "&prompt=login+none", "&max_age=3", "&max_age=-1", "&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D",
		"&id_token_hint=a.b.c", "&response_mode=form_post", "&response_mode=fragment", "&scope=x", "&nonce=%00", "&state=%ff",
	} {
		f.Add(good + more)
	}
	f.Fuzz(func(t *testing.T, query string) {
		params, _ := url.ParseQuery(query)
		r, err := p.ParseAuthorize(t.Context(), params)
		var page *PageError
		var back *RedirectError
		switch {
		case err == nil:
			wantSound(t, client, r)
		case errors.As(err, &page):
		case errors.As(err, &back):
			if back.Response.RedirectURI != client.RedirectURIs[0] || back.Response.Params.Get("error") == "" {
				t.Fatalf("%q goes to %q with %v", query, back.Response.RedirectURI, back.Response.Params)
			}
			if loc := back.Response.Location(); !strings.HasPrefix(loc, client.RedirectURIs[0]+"&") || !utf8.ValidString(loc) {
				t.Fatalf("location %q", loc)
			}
		default:
			t.Fatalf("%q: %v", query, err)
		}
	})
}

// What strangers send is kept while pages are shown, so it is bounded.
func TestAuthorizeKeepsLittle(t *testing.T) {
	client := &idp.Client{
		ID: "app", AuthMethod: idp.AuthMethodBasic, RedirectURIs: []string{"https://rp.example/cb"},
		GrantTypes: []string{idp.GrantAuthorizationCode}, Scopes: []string{"openid"},
	}
	p := &Provider{o: Options{Issuer: "https://id.example", Clients: oneClient{client: client}}}
	parse := func(name string, length int) (*AuthorizeRequest, error) {
		return p.ParseAuthorize(t.Context(), url.Values{
			"client_id": {"app"}, "redirect_uri": client.RedirectURIs, "response_type": {"code"}, name: {strings.Repeat("a", length)},
		})
	}
	for name, most := range map[string]int{"state": maxState, "nonce": maxNonce} {
		if r, err := parse(name, most); err != nil || len(r.State+r.Nonce) != most {
			t.Errorf("%s of %d bytes: %v", name, most, err)
		}
		_, err := parse(name, most+1)
		var back *RedirectError
		if !errors.As(err, &back) || back.Response.Params.Get("error") != codeInvalidRequest {
			t.Errorf("%s of %d bytes: %v", name, most+1, err)
		}
	}
	for _, name := range []string{"login_hint", "ui_locales"} {
		if r, err := parse(name, maxHint); err != nil || len(r.LoginHint+r.UILocales) != maxHint {
			t.Errorf("%s: %v", name, err)
		}
		if r, err := parse(name, maxHint+1); err != nil || r.LoginHint+r.UILocales != "" {
			t.Errorf("a long %s: %v", name, err)
		}
	}
}

// wantSound holds an accepted request to what the checks promise.
func wantSound(t *testing.T, client *idp.Client, r *AuthorizeRequest) {
	t.Helper()
	if r.RedirectURI != client.RedirectURIs[0] || r.CodeChallenge == "" || (r.Mode != ModeQuery && r.Mode != ModeFormPost) {
		t.Fatalf("accepted %+v", r)
	}
	for _, s := range r.Scopes {
		if !client.MayRequest(s) {
			t.Fatalf("scope %q", s)
		}
	}
	kept, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := UnmarshalAuthorizeRequest(kept); err != nil || again.State != r.State || again.Nonce != r.Nonce {
		t.Fatalf("kept as %s: %v", kept, err)
	}
}

func TestScopeList(t *testing.T) {
	if got := strings.Join(scopeList("  b a  b "), "|"); got != "b|a" {
		t.Errorf("got %q", got)
	}
	if hasScope("openid2 xopenid", "openid") || !hasScope("a openid", "openid") {
		t.Error("a scope is compared by its parts")
	}
}
