package console

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) clientSecrets(c *gin.Context) error {
	head, err := k.clientHead(c)
	if err != nil {
		return err
	}
	p := pages.ClientSecretsPage{ClientHead: head}
	if head.Edit() {
		secret, err := k.TakeOnce(c)
		if err != nil {
			return err
		}
		p.Secret, p.Gone = string(secret), c.Query("once") != "" && secret == nil
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) rotateReview(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	said := []pages.Text{{Key: "clients.rotate.shown"}}
	switch len(head.Client.Secrets) {
	case 0:
	case 1:
		said = append(said, pages.Text{Key: "clients.rotate.both"})
	default:
		said = append(said, pages.Text{Key: "clients.rotate.oldest"})
	}
	r := clientReview(head, "rotate", "rotate", said)
	if head.Client.IsPublic() {
		r.Nothing = "clients.rotate.public"
	}
	return k.ask(c, r)
}

// clientForm is a form about a client, and the state of the record that it was made on.
func (k *Console) clientForm(c *gin.Context) (head pages.ClientHead, values url.Values, since time.Time, err error) {
	if head, err = k.ownClient(c); err != nil {
		return head, nil, since, err
	}
	if values, err = k.Form(c); err != nil {
		return head, nil, since, err
	}
	since, err = web.ReadFormVersion(values)
	return head, values, since, err
}

func (k *Console) rotateSecret(c *gin.Context) error {
	head, values, since, err := k.clientForm(c)
	if err != nil {
		return err
	}
	if err := k.freshToTrust(c, head.Client.Scopes); err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		secret, err := k.Clients.RotateSecretIf(c.Request.Context(), head.Client.ID, since, "")
		if err != nil {
			return "", k.Refuse(c, values, err)
		}
		to, err := k.KeepOnce(c, head.To("secrets"), []byte(secret))
		if err != nil {
			return "", err
		}
		return to, k.Done(c, to, pages.Toast{Key: "clients.toast.rotated"})
	})
}

func (k *Console) dropReview(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	r := clientReview(head, "drop", "drop-old-secret", []pages.Text{{Key: "clients.drop.text"}, {Key: "clients.drop.newest"}})
	if len(head.Client.Secrets) < 2 {
		r.Nothing = "clients.drop.nothing"
	}
	return k.ask(c, r)
}

func (k *Console) dropOldSecret(c *gin.Context) error {
	head, values, since, err := k.clientForm(c)
	if err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		if err := k.Clients.DropOldSecretIf(c.Request.Context(), head.Client.ID, since); err != nil {
			return "", k.Refuse(c, values, err)
		}
		to := head.To("secrets")
		return to, k.Done(c, to, pages.Toast{Key: "clients.toast.dropped"})
	})
}
