package api

import (
	"crypto/sha256"
	_ "embed" // for the description
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"sigs.k8s.io/yaml"

	"gatehouse/web"
)

//go:embed openapi.yaml
var description []byte

// descriptionAge is how long others may keep it.
const descriptionAge = 5 * time.Minute

// OpenAPI returns the description of the API, OpenAPI 3.1 in JSON.
func OpenAPI() ([]byte, error) {
	text, err := yaml.YAMLToJSONStrict(description)
	if err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	return text, nil
}

// serveOpenAPI answers with the description; any origin may read it.
func serveOpenAPI(text []byte) web.Handler {
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	return func(c *gin.Context) error {
		have, err := parseCondition(c.Request.Header.Values("If-None-Match"))
		if err != nil {
			return err
		}
		c.Header("ETag", tag)
		c.Header("Cache-Control", fmt.Sprintf("public, max-age=%d", int(descriptionAge.Seconds())))
		if have.sent && have.fresh(tag) {
			c.Status(http.StatusNotModified)
			c.Writer.WriteHeaderNow()
			return nil
		}
		web.WriteJSON(c, http.StatusOK, text)
		return nil
	}
}
