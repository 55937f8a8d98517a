package console

import (
	"context"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

func (k *Console) revokeClientReview(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	families, err := k.familiesOf(c.Request.Context(), head.Client)
	if err != nil {
		return err
	}
	said := []pages.Text{families}
	if head.Client.MayUse(idp.GrantClientCredentials) {
		said = append(said, pages.Text{Key: "clients.revoking.own"})
	}
	return k.ask(c, clientReview(head, "revoking", "revoke-tokens",
		append(said, pages.Text{Key: "clients.revoking.again"}, pages.Text{Key: "clients.revoking.cached"})))
}

func (k *Console) revokeClientTokens(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		if err := k.Clients.RevokeTokens(c.Request.Context(), head.Client.ID); err != nil {
			return "", k.Refuse(c, values, err)
		}
		to := head.To("tokens")
		return to, k.Done(c, to, pages.Toast{Key: "clients.toast.revoked", Args: nameOfClient(head.Client)})
	})
}

// maxFamilies is how many live families are counted for a question.
const maxFamilies = 2000

// familiesOf says how many live families of tokens a client has. Grants that
// its watermark made dead are still listed, so they are counted one by one.
func (k *Console) familiesOf(ctx context.Context, client *idp.Client) (pages.Text, error) {
	n := 0
	q := idp.GrantQuery{ListQuery: idp.ListQuery{Limit: idp.MaxPage}, ClientID: client.ID}
	for n < maxFamilies {
		page, err := k.Grants.QueryGrants(ctx, q)
		if err != nil {
			return pages.Text{}, err
		}
		for _, g := range page.Items {
			if vouches(client, g) {
				n++
			}
		}
		if q.After = page.Next; q.After == "" {
			return pages.Counted("clients.revoking.families", n), nil
		}
	}
	return pages.Counted("clients.revoking.families_more", n), nil
}

// vouches reports whether the client lets the grant live.
func vouches(client *idp.Client, g *idp.Grant) bool {
	return !client.Disabled && !client.HasRevoked(g)
}

func (k *Console) clientDelete(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	if err := k.FreshSignIn(c); err != nil {
		return err
	}
	ctx := c.Request.Context()
	families, err := k.familiesOf(ctx, head.Client)
	if err != nil {
		return err
	}
	people, err := k.Consents.CountConsents(ctx, head.Client.ID)
	if err != nil {
		return err
	}
	p := clientReview(head, "deleting", "delete", []pages.Text{
		pages.Counted("clients.deleting.consents", people), families, {Key: "clients.deleting.sign_in"},
	})
	p.Review.Final, p.Review.Reason, p.Review.Match = true, true, head.Client.ID
	return k.ask(c, p)
}

func (k *Console) deleteClient(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		head, err := k.ownClient(c)
		if err != nil {
			return "", err
		}
		if err := k.FreshSignIn(c); err != nil {
			return "", err
		}
		if err := confirmed(values, head.Client.ID); err != nil {
			return "", k.Refuse(c, values, err)
		}
		k.WithReason(c, values.Get("reason"))
		if err := k.Clients.Delete(c.Request.Context(), head.Client.ID); err != nil {
			return "", err
		}
		return routeClients, k.Done(c, routeClients, pages.Toast{Key: "clients.toast.deleted", Args: nameOfClient(head.Client)})
	})
}
