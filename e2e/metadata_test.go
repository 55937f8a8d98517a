package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (s *system) json(t *testing.T, path string) *reply {
	t.Helper()
	return call(t, s.request(t, path, nil)).want(t, http.StatusOK, "")
}

func TestM1_BothMetadataAddressesAnswerAlike(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.json(t, "/.well-known/openid-configuration")
		b := s.json(t, "/.well-known/oauth-authorization-server")
		if a.body != b.body {
			t.Errorf("they differ:\n%s\n%s", a.body, b.body)
		}
		if a.str("issuer") != s.issuer {
			t.Errorf("issuer is %q, want %q", a.str("issuer"), s.issuer)
		}
	})
}

// registeredMetadata are the members of the IANA registry "OAuth Authorization
// Server Metadata" that a server of this kind may send.
var registeredMetadata = strings.Fields(`issuer authorization_endpoint token_endpoint jwks_uri registration_endpoint scopes_supported
	response_types_supported response_modes_supported grant_types_supported token_endpoint_auth_methods_supported
	token_endpoint_auth_signing_alg_values_supported service_documentation ui_locales_supported op_policy_uri op_tos_uri
	revocation_endpoint revocation_endpoint_auth_methods_supported introspection_endpoint
	introspection_endpoint_auth_methods_supported code_challenge_methods_supported userinfo_endpoint acr_values_supported
	subject_types_supported id_token_signing_alg_values_supported display_values_supported claim_types_supported
	claims_supported claims_parameter_supported request_parameter_supported request_uri_parameter_supported
	require_request_uri_registration end_session_endpoint prompt_values_supported
	authorization_response_iss_parameter_supported`)

func TestM2_MetadataNamesOnlyWhatIsRegisteredAndWorks(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	doc := s.json(t, "/.well-known/openid-configuration").json
	known := map[string]bool{}
	for _, name := range registeredMetadata {
		known[name] = true
	}
	for name, value := range doc {
		if !known[name] {
			t.Errorf("%s is not a registered member", name)
		}
		address, _ := value.(string)
		if !strings.HasSuffix(name, "_endpoint") && name != "jwks_uri" {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || !strings.HasPrefix(address, s.issuer+"/") {
			t.Fatalf("%s is %q", name, address)
		}
		if r := call(t, s.request(t, u.Path, nil)); r.status == http.StatusNotFound || r.status >= 500 {
			t.Errorf("%s answers %d", name, r.status)
		}
	}
}

func TestM3_MetadataCarriesWhatClientsDecideBy(t *testing.T) {
	doc := defaultSystem(t, onSQLite).json(t, "/.well-known/openid-configuration").json
	for _, name := range []string{"scopes_supported", "claims_supported", "token_endpoint_auth_methods_supported"} {
		if list, _ := doc[name].([]any); len(list) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	for name, want := range map[string]any{
		"request_parameter_supported": false, "request_uri_parameter_supported": false,
		"authorization_response_iss_parameter_supported": true, "claims_parameter_supported": true,
	} {
		if got, ok := doc[name]; !ok || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if methods, _ := json.Marshal(doc["code_challenge_methods_supported"]); string(methods) != `["S256"]` {
		t.Errorf("code_challenge_methods_supported is %s", methods)
	}
}

func jwksOf(t *testing.T, s *system) map[string]map[string]any {
	t.Helper()
	r := s.json(t, "/.well-known/jwks.json")
	out := map[string]map[string]any{}
	for _, k := range r.json["keys"].([]any) {
		key := k.(map[string]any)
		out[key["kid"].(string)] = key
	}
	if list := r.json["keys"].([]any); len(list) != len(out) {
		t.Errorf("a kid appears twice: %s", r.body)
	}
	return out
}

func TestM4_PublishedKeysAreDistinctAndPublic(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		keys := jwksOf(t, s)
		if len(keys) < 2 {
			t.Fatalf("only %d keys", len(keys))
		}
		for kid, key := range keys {
			if key["use"] != "sig" || (key["alg"] != "ES256" && key["alg"] != "RS256") {
				t.Errorf("key %s has use %v and alg %v", kid, key["use"], key["alg"])
			}
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				if _, ok := key[private]; ok {
					t.Errorf("key %s shows %s", kid, private)
				}
			}
			if key["kty"] != "EC" && key["kty"] != "RSA" {
				t.Errorf("key %s has kty %v", kid, key["kty"])
			}
		}
	})
}

func TestM5_KeysArePublishedBeforeTheySign(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		r := s.json(t, "/.well-known/jwks.json")
		if cache := r.header.Get("Cache-Control"); !strings.Contains(cache, "max-age=300") {
			t.Errorf("Cache-Control is %q", cache)
		}
		req := s.request(t, "/.well-known/jwks.json", nil)
		req.Header.Set("If-None-Match", r.header.Get("ETag"))
		if again := call(t, req); r.header.Get("ETag") != "" && again.status != http.StatusNotModified {
			t.Errorf("with the entity tag it answers %d", again.status)
		}
		// The next keys are prepared beside the server's start.
		eventually(t, "publishing the next keys", func() bool { return len(jwksOf(t, s)) >= 4 })
	})
}

func TestM6_KeysStayPublishedAfterRotation(t *testing.T) {
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) {
			s := startSystem(t, m)
			a := s.newApp(t, machine)
			eventually(t, "publishing the next keys", func() bool { return len(jwksOf(t, s)) >= 4 })
			before := jwksOf(t, s)
			old := s.token(t, a, url.Values{"grant_type": {"client_credentials"}}).want(t, 200, "")
			oldKey := headerOf(t, old.str("access_token"))["kid"].(string)
			infos, err := s.keyring(t).Rotate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			// A key may sign only when everybody can have it in the cached JWKS.
			for _, k := range infos {
				if k.KID == oldKey || k.ActivateAt == nil || k.State == "active" {
					continue
				}
				if k.ActivateAt.Sub(k.CreatedAt) < 5*time.Minute {
					t.Errorf("key %s signs %s after it was made", k.KID, k.ActivateAt.Sub(k.CreatedAt))
				}
			}
			eventually(t, "publishing the keys after next", func() bool { return len(jwksOf(t, s)) > len(before) })
			if _, ok := jwksOf(t, s)[oldKey]; !ok {
				t.Error("the key that signed a live token is no longer published")
			}
			if !s.active(t, a, old.str("access_token")) {
				t.Error("a token from before the rotation is dead")
			}
		})
	}
}

func TestM7_TokensAreSignedAsPublished(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		doc := s.json(t, "/.well-known/openid-configuration").json
		algs, _ := json.Marshal(doc["id_token_signing_alg_values_supported"])
		mustContain(t, string(algs), `"RS256"`)
		a := s.newApp(t, nil)
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username)
		access, id := headerOf(t, got.str("access_token")), headerOf(t, got.str("id_token"))
		if access["typ"] != "at+jwt" || access["alg"] != "ES256" {
			t.Errorf("access token header is %v", access)
		}
		if id["alg"] != "RS256" {
			t.Errorf("ID token header is %v", id)
		}
		keys := jwksOf(t, s)
		for _, h := range []map[string]any{access, id} {
			if key := keys[h["kid"].(string)]; key == nil || key["alg"] != h["alg"] {
				t.Errorf("no published key fits %v", h)
			}
		}
	})
}
