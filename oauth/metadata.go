package oauth

import (
	"encoding/json"
	"slices"

	"gatehouse/idp"
)

// metadata is the document of OpenID Connect Discovery §3 and RFC 8414 §2.
// Every member is a registered one, and nothing is listed that does not work.
type metadata struct {
	Issuer                    string   `json:"issuer"`
	AuthorizationEndpoint     string   `json:"authorization_endpoint"`
	TokenEndpoint             string   `json:"token_endpoint"`
	UserinfoEndpoint          string   `json:"userinfo_endpoint"`
	JWKSURI                   string   `json:"jwks_uri"`
	IntrospectionEndpoint     string   `json:"introspection_endpoint"`
	RevocationEndpoint        string   `json:"revocation_endpoint"`
	EndSessionEndpoint        string   `json:"end_session_endpoint"`
	ScopesSupported           []string `json:"scopes_supported"`
	ResponseTypesSupported    []string `json:"response_types_supported"`
	ResponseModesSupported    []string `json:"response_modes_supported"`
	GrantTypesSupported       []string `json:"grant_types_supported"`
	ACRValuesSupported        []string `json:"acr_values_supported"`
	SubjectTypesSupported     []string `json:"subject_types_supported"`
	IDTokenAlgs               []string `json:"id_token_signing_alg_values_supported"`
	TokenAuthMethods          []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectionAuthMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationAuthMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
	PromptValuesSupported     []string `json:"prompt_values_supported"`
	ClaimTypesSupported       []string `json:"claim_types_supported"`
	ClaimsSupported           []string `json:"claims_supported"`
	ClaimsParameterSupported  bool     `json:"claims_parameter_supported"`
	RequestParameterSupported bool     `json:"request_parameter_supported"`
	RequestURISupported       bool     `json:"request_uri_parameter_supported"`
	CodeChallengeMethods      []string `json:"code_challenge_methods_supported"`
	IssParameterSupported     bool     `json:"authorization_response_iss_parameter_supported"`
}

func buildMetadata(issuer string) ([]byte, error) {
	secretMethods := []string{idp.AuthMethodBasic, idp.AuthMethodPost}
	anyMethod := append(secretMethods[:2:2], idp.AuthMethodNone)
	claims := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"}
	for _, c := range claimTable {
		claims = append(claims, c.name)
	}
	return json.Marshal(metadata{
		Issuer:                    issuer,
		AuthorizationEndpoint:     issuer + "/oauth2/authorize",
		TokenEndpoint:             issuer + "/oauth2/token",
		UserinfoEndpoint:          issuer + "/oauth2/userinfo",
		JWKSURI:                   issuer + "/.well-known/jwks.json",
		IntrospectionEndpoint:     issuer + "/oauth2/introspect",
		RevocationEndpoint:        issuer + "/oauth2/revoke",
		EndSessionEndpoint:        issuer + "/oauth2/logout",
		ScopesSupported:           slices.Concat(idp.StandardScopes(), idp.APIScopes()),
		ResponseTypesSupported:    []string{"code"},
		ResponseModesSupported:    []string{ModeQuery, ModeFormPost},
		GrantTypesSupported:       idp.GrantTypes(),
		ACRValuesSupported:        []string{idp.ACRPassword},
		SubjectTypesSupported:     []string{"public"},
		IDTokenAlgs:               []string{algRS256, algES256},
		TokenAuthMethods:          anyMethod,
		IntrospectionAuthMethods:  secretMethods,
		RevocationAuthMethods:     anyMethod,
		PromptValuesSupported:     []string{promptNone, promptLogin, promptConsent, promptSelectAccount},
		ClaimTypesSupported:       []string{"normal"},
		ClaimsSupported:           claims,
		ClaimsParameterSupported:  true,
		RequestParameterSupported: false,
		RequestURISupported:       false,
		CodeChallengeMethods:      []string{"S256"},
		IssParameterSupported:     true,
	})
}
