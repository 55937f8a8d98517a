package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	_ "image/jpeg" // the two formats that are taken
	_ "image/png"
	"net/http"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

const (
	routeImages = "/images"
	maxPixels   = 1024 // of a logo, each way
)

var imageID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// image is GET /images/{id}: a logo. Its address is its digest, so browsers may keep it.
func (k *Console) image(c *gin.Context) error {
	id := c.Param("id")
	if !imageID.MatchString(id) {
		return web.ErrNoAddress
	}
	i, err := k.Images.Image(c.Request.Context(), id)
	if errors.Is(err, idp.ErrNotFound) {
		return web.ErrNoAddress
	}
	if err != nil {
		return err
	}
	c.Header("Content-Type", i.Type)
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Header("Content-Disposition", "inline")
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(i.Data))
	return nil
}

// readImage makes a picture of what was uploaded, or says what is wrong with it.
// What a file claims to be does not count, only what it is.
func readImage(data []byte) (*idp.Image, error) {
	if len(data) > idp.MaxImage {
		return nil, invalid(idp.NewFault(fieldLogo, "must be at most 128 KB"))
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || (format != "png" && format != "jpeg") {
		return nil, invalid(idp.NewFault(fieldLogo, "must be a PNG or JPEG picture"))
	}
	if config.Width > maxPixels || config.Height > maxPixels {
		return nil, invalid(idp.NewFault(fieldLogo, "must be at most 1,024 by 1,024 pixels"))
	}
	sum := sha256.Sum256(data)
	return &idp.Image{ID: hex.EncodeToString(sum[:]), Type: "image/" + format, Data: data}, nil
}

// settingsLogo is POST /admin/settings/logo.
func (k *Console) settingsLogo(c *gin.Context) error {
	form, data, err := k.Upload(c, fieldLogo, idp.MaxImage)
	if err != nil {
		return k.Refuse(c, form, err)
	}
	id, told := "", pages.Toast{Key: "settings.logo_removed"}
	if form.Get("remove") != "1" {
		picture, err := readImage(data)
		if err != nil {
			return k.Refuse(c, form, err)
		}
		if err := k.Images.PutImage(c.Request.Context(), picture); err != nil {
			return err
		}
		id, told.Key = picture.ID, "settings.logo_saved"
	}
	value, err := json.Marshal(id)
	if err != nil {
		return err
	}
	if err := k.Settings.Save(c.Request.Context(), map[string]json.RawMessage{"logo": value}, time.Time{}); err != nil {
		return k.Refuse(c, form, err)
	}
	return k.Done(c, routeSettings, told)
}
