package oauth

import (
	"encoding/json"
	"net/url"
	"slices"

	"gatehouse/idp"
)

const maxClaimsParam = 8 << 10 // bytes

// claimRequest is one member of the claims parameter (OIDC Core §5.5.1); null
// and an empty object both mean that the claim is wanted as it is.
type claimRequest struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// checkClaims reads the claims parameter (OIDC Core §5.5). Claims that we do
// not know, or whose scope the client may not have, are left out: a claim that
// cannot be given is no error.
func checkClaims(r *AuthorizeRequest, c *idp.Client, v url.Values) *Error {
	text := v.Get("claims")
	if text == "" {
		return nil
	}
	var asked struct {
		Userinfo map[string]*claimRequest `json:"userinfo"`
		IDToken  map[string]*claimRequest `json:"id_token"`
	}
	if len(text) > maxClaimsParam || json.Unmarshal([]byte(text), &asked) != nil {
		return refuse(codeInvalidRequest, "claims is not the JSON object of OpenID Connect Core 5.5")
	}
	r.UserinfoClaims = wantedClaims(c, asked.Userinfo)
	r.IDTokenClaims = wantedClaims(c, asked.IDToken)
	if _, ok := asked.IDToken["auth_time"]; ok {
		r.IDTokenClaims = append(r.IDTokenClaims, "auth_time")
	}
	_, r.WantACR = asked.IDToken["acr"]
	for _, member := range []map[string]*claimRequest{asked.IDToken, asked.Userinfo} {
		if sub := member["sub"]; sub != nil && sub.Value != nil {
			name, ok := sub.Value.(string)
			if !ok || (r.Subject != "" && r.Subject != name) {
				return refuse(codeInvalidRequest, "claims asks for a sub that cannot be")
			}
			r.Subject = name
		}
	}
	return nil
}

func wantedClaims(c *idp.Client, asked map[string]*claimRequest) []string {
	var names []string
	for name := range asked {
		if scope := scopeOfClaim(name); scope != "" && c.MayRequest(scope) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
