package console_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func picture(t *testing.T, side int, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	var b bytes.Buffer
	must(t, encode(&b, img))
	return b.Bytes()
}

func asPNG(b *bytes.Buffer, i image.Image) error  { return png.Encode(b, i) }
func asJPEG(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }
func asGIF(b *bytes.Buffer, i image.Image) error  { return gif.Encode(b, i, nil) }

func TestClientLogo(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	b := h.As(t, webtest.Admin)
	selector := form(clientAt("wiki", "logo"))
	for name, good := range map[string][]byte{"logo.png": picture(t, 64, asPNG), "logo.exe": picture(t, 64, asJPEG)} {
		b.Get(clientAt("wiki"))
		p := upload(t, b, selector, "logo", name, good, nil)
		says(t, p, "The logo was saved.")
		at := p.Doc.Find("main img[src^='/images/']").AttrOr("src", "")
		shown := h.Browser(t).Get(at)
		if at == "" || shown.Body != string(good) || !strings.HasPrefix(shown.Header.Get("Content-Type"), "image/") {
			t.Errorf("%s is shown at %q as %s", name, at, shown.Header.Get("Content-Type"))
		}
	}
	kept := h.stored("wiki").Logo
	for name, bad := range map[string]struct {
		file []byte
		text string
	}{
		"nothing":   {nil, "PNG or JPEG"},
		"empty":     {[]byte{}, "PNG or JPEG"},
		"text":      {[]byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), "PNG or JPEG"},
		"gif":       {picture(t, 64, asGIF), "PNG or JPEG"},
		"cut short": {picture(t, 64, asPNG)[:20], "PNG or JPEG"},
		"too wide":  {picture(t, 3000, asPNG), "1,024"},
		"too large": {append(picture(t, 64, asPNG), make([]byte, idp.MaxImage)...), "128 KB"},
	} {
		b.Get(clientAt("wiki"))
		p := upload(t, b, selector, "logo", "logo.png", bad.file, nil)
		hasFault(t, p, "logo", bad.text)
		if got := p.Doc.Find("input[name=client_name]").AttrOr("value", ""); got != "Wiki" {
			t.Errorf("%s: the other form shows %q", name, got)
		}
		if h.stored("wiki").Logo != kept {
			t.Errorf("%s was taken", name)
		}
	}
	b.Get(clientAt("wiki"))
	says(t, upload(t, b, selector, "logo", "logo.png", picture(t, 32, asPNG), url.Values{"csrf": {"AAAA"}}), "This page was open for a long time")
	if h.stored("wiki").Logo != kept {
		t.Error("a form without a token was taken")
	}
	b.Get(clientAt("wiki"))
	says(t, b.Submit(form(clientAt("wiki", "logo", "remove")), nil), "The logo was removed.")
	if h.stored("wiki").Logo != "" {
		t.Error("the logo is still there")
	}
}
