package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
)

func (k *Console) keys(c *gin.Context) error {
	all, err := k.Keys.List(c.Request.Context())
	if err != nil {
		return err
	}
	p := pages.KeysPage{
		JWKS: k.endpoints().JWKS, Manage: may(c).Admin,
		Overdue: slices.ContainsFunc(all, k.isOverdue),
	}
	for _, key := range slices.Backward(all) { // the newest first
		p.Keys = append(p.Keys, pages.KeyRow{
			KID: key.KID, Alg: key.Alg, State: key.State, CreatedAt: key.CreatedAt,
			ActivateAt: timeOf(key.ActivateAt), RetiresAt: timeOf(key.RetiresAt), TakenBack: timeOf(key.RevokedAt),
		})
	}
	return k.Show(c, http.StatusOK, p)
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// isOverdue reports whether a key signs for longer than the rotation allows.
func (k *Console) isOverdue(key oauth.KeyInfo) bool {
	return key.State == idp.KeyActive && key.ActivateAt != nil && k.RotateEvery > 0 &&
		k.Now().Sub(*key.ActivateAt) > k.RotateEvery+keyOverdue
}

func (k *Console) rotateKeysReview(c *gin.Context) error {
	all, err := k.Keys.List(c.Request.Context())
	if err != nil {
		return err
	}
	now, later := 0, 0
	for _, key := range all {
		switch {
		case key.State != idp.KeyNext || key.ActivateAt != nil:
		case k.Now().Sub(key.CreatedAt) >= oauth.KeyKnownAfter:
			now++
		default:
			later++
		}
	}
	var said []pages.Text
	if now > 0 {
		said = append(said, pages.Counted("keys.rotating.now", now))
	}
	if later > 0 {
		said = append(said, pages.Counted("keys.rotating.later", later))
	}
	return k.ask(c, pages.ReviewPage{
		Title: pages.Text{Key: "keys.rotating.title"}, Up: routeKeys, UpName: pages.Text{Key: "keys.title"},
		Review: pages.Review{
			Form: pages.Form{Action: routeKeys + "/rotate"}, Submit: "keys.rotating.submit", Cancel: routeKeys,
			Consequences: append(said, pages.Text{Key: "keys.rotating.cached"}, pages.Text{Key: "keys.rotating.present"}),
		},
	})
}

func (k *Console) rotateKeys(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		if _, err := k.Keys.Rotate(c.Request.Context()); err != nil {
			return "", err
		}
		return routeKeys, k.Done(c, routeKeys, pages.Toast{Key: "keys.toast.rotated"})
	})
}

// liveKey is the key that the address names, nil when it cannot be revoked (any more).
func (k *Console) liveKey(ctx context.Context, kid string) (*oauth.KeyInfo, error) {
	all, err := k.Keys.List(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(key oauth.KeyInfo) bool { return key.KID == kid })
	if i < 0 {
		return nil, idp.ErrNotFound
	}
	if all[i].RevokedAt != nil || all[i].State == idp.KeyRetired {
		return nil, nil //nolint:nilnil // it is there, and there is nothing to take back
	}
	return &all[i], nil
}

func (k *Console) keyRevoke(c *gin.Context) error {
	kid := c.Param("kid")
	key, err := k.liveKey(c.Request.Context(), kid)
	if err != nil {
		return err
	}
	p := pages.ReviewPage{
		Title: pages.Text{Key: "keys.revoking.title"}, Up: routeKeys, UpName: pages.Text{Key: "keys.title"},
	}
	if key == nil {
		p.Nothing = "keys.revoking.gone"
		return k.ask(c, p)
	}
	if err := k.FreshSignIn(c); err != nil {
		return err
	}
	said := []pages.Text{{Key: "keys.revoking.when"}, {Key: "keys.revoking.tokens"}}
	if key.State == idp.KeyActive {
		said = append(said, pages.Text{Key: "keys.revoking.next"})
	}
	p.Review = pages.Review{
		Form: pages.Form{Action: routeKeys + "/" + kid + "/revoke"}, Items: []string{kid + " (" + key.Alg + ")"},
		Consequences: append(said, pages.Text{Key: "keys.revoking.cached"}),
		Final:        true, Match: kid, Reason: true, Submit: "keys.revoking.submit", Cancel: routeKeys,
	}
	return k.ask(c, p)
}

func (k *Console) revokeKey(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		kid := c.Param("kid")
		key, err := k.liveKey(c.Request.Context(), kid)
		switch {
		case err != nil:
			return "", err
		case key == nil:
			return routeKeys, k.Done(c, routeKeys, pages.Toast{Key: "keys.toast.gone", Tone: "warn"})
		}
		if err := k.FreshSignIn(c); err != nil {
			return "", err
		}
		if err := confirmed(values, kid); err != nil {
			return "", k.Refuse(c, values, err)
		}
		k.WithReason(c, values.Get("reason"))
		if err := k.Keys.Revoke(c.Request.Context(), kid); err != nil {
			return "", err
		}
		return routeKeys, k.Done(c, routeKeys, pages.Toast{Key: "keys.toast.revoked"})
	})
}
