package console

import (
	"encoding/json"

	"github.com/gin-gonic/gin"

	"gatehouse/pages"
	"gatehouse/web"
)

// clientHead is what every page about a client begins with.
func (k *Console) clientHead(c *gin.Context) (pages.ClientHead, error) {
	client, err := k.ClientStore.Client(c.Request.Context(), c.Param("id"))
	return pages.ClientHead{Client: client, Manage: may(c).Admin}, err
}

// ownClient is clientHead of a client that may be changed: the built-in one can only be turned off and on.
func (k *Console) ownClient(c *gin.Context) (pages.ClientHead, error) {
	h, err := k.clientHead(c)
	if err != nil || !h.BuiltIn() {
		return h, err
	}
	if err := k.Done(c, h.To(), pages.Toast{Key: "clients.toast.built_in", Tone: "warn"}); err != nil {
		return h, err
	}
	return h, web.ErrAnswered
}

// endpoints are the addresses of the protocol, as the metadata tells them.
type endpoints struct {
	Issuer     string `json:"issuer"`
	Authorize  string `json:"authorization_endpoint"`
	Token      string `json:"token_endpoint"`
	Userinfo   string `json:"userinfo_endpoint"`
	JWKS       string `json:"jwks_uri"`
	Introspect string `json:"introspection_endpoint"`
	Revoke     string `json:"revocation_endpoint"`
	EndSession string `json:"end_session_endpoint"`
}

func (k *Console) endpoints() endpoints {
	var e endpoints
	_ = json.Unmarshal(k.Provider.Metadata(), &e) // our own document
	return e
}

// clientReview is the question before something is done to a client: name is
// that of its messages, action the end of its address.
func clientReview(head pages.ClientHead, name, action string, said []pages.Text) pages.ReviewPage {
	called := nameOfClient(head.Client)
	return pages.ReviewPage{
		Title: pages.Text{Key: "clients." + name + ".title", Args: called},
		Up:    head.To(), UpName: pages.Text{Key: "clients.named", Args: called},
		Review: pages.Review{
			Form:         pages.Form{Action: head.To(action), Version: web.FormVersion(head.Client.UpdatedAt)},
			Consequences: said, Submit: "clients." + name + ".submit", Cancel: head.To(),
		},
	}
}
