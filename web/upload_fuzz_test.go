package web

import (
	"mime/multipart"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a body holds, what is taken of it stays within its bounds and is text that stores can keep.
func FuzzReadParts(f *testing.F) {
	const limit = 100
	f.Add("--b\r\nContent-Disposition: form-data; name=\"back\"\r\n\r\n/admin\r\n--b\r\n" +
		"Content-Disposition: form-data; name=\"logo\"; filename=\"l.png\"\r\nContent-Type: image/png\r\n\r\npicture\r\n--b--\r\n")
	f.Add("--b\r\nContent-Disposition: form-data; name=\"a\\\"\x00\"\r\n\r\n\xff\r\n--b--")
	f.Add("--b\r\n\r\n\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=00\r\n--b--")
	f.Fuzz(func(t *testing.T, body string) {
		values, file, err := readParts(multipart.NewReader(strings.NewReader(body), "b"), "logo", limit)
		if err != nil {
			return
		}
		total, fields := 0, 0
		for name, all := range values {
			for _, v := range append(all, name) {
				if strings.ContainsRune(v, 0) || !utf8.ValidString(v) {
					t.Errorf("%q was taken", v)
				}
			}
			for _, v := range all {
				total += len(v)
				fields++
			}
		}
		if len(file) > limit+1 || total > maxForm || fields > maxParts {
			t.Errorf("%d bytes of a file, %d of %d fields", len(file), total, fields)
		}
	})
}
