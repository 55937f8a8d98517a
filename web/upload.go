package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
)

const uploadType = "multipart/form-data"

const (
	// maxUpload is the largest body with a file. It lets a file that is too large
	// be read past, so that the form can say so.
	maxUpload = 4 << 20
	// maxParts bounds how many fields such a body has.
	maxParts = 50
)

// Upload is Form for a form with one file, in the given field: it returns the
// fields and the file, empty when none was chosen. One of more than limit bytes
// is an *idp.InvalidError on the field.
func (s *Site) Upload(c *gin.Context, field string, limit int64) (url.Values, []byte, error) {
	values, file, err := s.readAny(c, field, limit)
	if err != nil {
		return values, nil, err
	}
	c.Request.PostForm = values
	if s.CSRFOK(c, values.Get("csrf"), purposeShell, Person(c).SessionID()) {
		if int64(len(file)) > limit {
			return values, nil, &idp.InvalidError{Faults: []idp.Fault{idp.NewFault(field, "must be at most %d KB", limit>>10)}}
		}
		return values, file, nil
	}
	return nil, nil, s.staleDraft(c, values)
}

// readAny reads a form of either kind. Of a file up to limit+1 bytes are kept.
func (s *Site) readAny(c *gin.Context, field string, limit int64) (url.Values, []byte, error) {
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || media != uploadType {
		values, err := s.readForm(c.Writer, c.Request)
		return values, nil, err
	}
	if c.GetHeader("Content-Encoding") != "" {
		return nil, nil, &InputError{http.StatusUnsupportedMediaType, "the body must not be compressed"}
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxUpload)
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return nil, nil, BadInput("the body is not multipart/form-data")
	}
	return readParts(parts, field, limit)
}

func readParts(parts *multipart.Reader, field string, limit int64) (url.Values, []byte, error) {
	values, left := url.Values{}, int64(maxForm)
	var file []byte
	for range maxParts {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // bare at the end alone: a body that is cut short wraps it
			return values, file, nil
		}
		if err != nil {
			return nil, nil, badPart(err)
		}
		name := part.FormName()
		if part.FileName() != "" || name == field {
			if name == field && file == nil {
				if file, err = io.ReadAll(io.LimitReader(part, limit+1)); err != nil {
					return nil, nil, badPart(err)
				}
			}
			continue // NextPart reads past the rest
		}
		text, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, nil, badPart(err)
		}
		if left -= int64(len(text)); left < 0 {
			return nil, nil, &http.MaxBytesError{Limit: maxForm}
		}
		if !isText(name) || !isText(string(text)) {
			return nil, nil, BadInput("a parameter holds a NUL or is not UTF-8")
		}
		values.Add(name, string(text))
	}
	return nil, nil, BadInput("the form has too many fields")
}

// badPart tells a body that is too large from one that is broken.
func badPart(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return err
	}
	return BadInput("the body could not be read")
}
