package console

import (
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

const fieldLogo = "logo"

func (k *Console) saveClientLogo(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	values, file, err := k.Upload(c, fieldLogo, idp.MaxImage)
	if err != nil {
		return k.Refuse(c, values, err)
	}
	picture, err := readImage(file)
	if err != nil {
		return k.Refuse(c, values, err)
	}
	if err := k.Images.PutImage(c.Request.Context(), picture); err != nil {
		return err
	}
	return k.setLogo(c, head, values, picture.ID, "clients.toast.logo")
}

func (k *Console) removeClientLogo(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	return k.setLogo(c, head, values, "", "clients.toast.no_logo")
}

// setLogo changes the logo alone, so it needs no version: nothing of another's change is lost.
func (k *Console) setLogo(c *gin.Context, head pages.ClientHead, values url.Values, id, toast string) error {
	_, err := k.Clients.UpdateIf(c.Request.Context(), head.Client.ID, time.Time{}, func(client *idp.Client) error {
		client.Logo = id
		return nil
	})
	if err != nil {
		return k.Refuse(c, values, err)
	}
	return k.Done(c, head.To(), pages.Toast{Key: toast})
}
