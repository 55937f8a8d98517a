package pages_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"gatehouse/testenv"
)

var updateBaselines = flag.Bool("update-baselines", false, "write the pictures of forced colours and print anew; look at them before they are kept")

const (
	baselineFolder = "testdata/baselines"
	baselineWidth  = 240 // pixels, of what is kept
	baselineBytes  = 15 << 10
	// greySteps are the greys between black and white that are kept.
	greySteps = 16
	// greyApart is by how much a pixel must be darker or lighter than all around
	// its place in the other picture, so that letters may be drawn a little
	// differently. A line of one pixel on the screen is more.
	greyApart = 28
	// mayDiffer is the share of such pixels: one in a thousand.
	mayDiffer = 0.001
)

// baselinePages are the pages that are kept: one of each make.
var baselinePages = regexp.MustCompile(`^(login-wrong-pair|consent|users|user|audit-event|overview|account)$`)

func baselineShots() []shot {
	forced := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	return []shot{
		{suffix: "forced", width: 1280, height: 1000, media: forced},
		{suffix: "print", width: 760, height: 800, mediaType: "print"},
	}
}

// TestBaselines compares pages in forced colours and on paper with pictures
// that somebody has looked at.
func TestBaselines(t *testing.T) {
	base, tab := serve(t), testenv.Browser(t)
	for _, s := range baselineShots() {
		for _, one := range baselineStates() {
			name := filepath.Join(baselineFolder, one.name+"."+s.suffix+".png")
			look(t, tab, base, s, one)
			seen := s.take(t, tab)
			if *updateBaselines {
				keepPicture(t, name, seen)
				continue
			}
			if share := differ(readPicture(t, name), seen); share > mayDiffer {
				t.Errorf("%s: %.2f %% is different (go test ./pages -run TestBaselines -update-baselines writes it anew)", name, share*100)
			}
		}
	}
}

func baselineStates() []state {
	return slices.DeleteFunc(states(), func(s state) bool { return !baselinePages.MatchString(s.name) })
}

// look opens a state as the shot says, and waits for news and for the focus.
func look(t *testing.T, tab context.Context, base string, s shot, one state) { //nolint:revive // t first, as everywhere
	t.Helper()
	one.open = false
	if err := s.open(tab, base, one); err != nil {
		t.Fatalf("%s %s: %v", one.name, s.suffix, err)
	}
	// With other fonts lines break elsewhere; these come with Chromium's packages.
	do(t, tab, chromedp.Evaluate[chromedp.Void](`for (const [name, font] of [["--sans", "DejaVu Sans"], ["--mono", "DejaVu Sans Mono"]])
		document.documentElement.style.setProperty(name, JSON.stringify(font))`))
	soon(t, tab, `document.querySelector("[data-live]")?.textContent !== "" && (!document.querySelector("[autofocus]") || document.activeElement.autofocus)`)
	do(t, tab, chromedp.Evaluate[chromedp.Void](settle, chromedp.EvalAwaitPromise))
}

// take returns what the window shows, small and grey.
func (s shot) take(t *testing.T, tab context.Context) *image.Paletted { //nolint:revive // t first, as everywhere
	t.Helper()
	shown, err := chromedp.Call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(shown.Data))
	if err != nil {
		t.Fatal(err)
	}
	large, ok := decoded.(*image.RGBA)
	if !ok {
		t.Fatalf("a picture is a %T", decoded)
	}
	return shrink(large)
}

// shrink makes a picture baselineWidth wide: each pixel is the mean of what it stands for.
func shrink(large *image.RGBA) *image.Paletted {
	size := large.Rect.Size()
	height := size.Y * baselineWidth / size.X
	small := image.NewPaletted(image.Rect(0, 0, baselineWidth, height), greys())
	for y := range height {
		for x := range baselineWidth {
			sum, n := 0, 0
			for ly := y * size.Y / height; ly < (y+1)*size.Y/height; ly++ {
				row := large.Pix[ly*large.Stride:]
				for lx := x * size.X / baselineWidth; lx < (x+1)*size.X/baselineWidth; lx++ {
					sum, n = sum+int(row[lx*4])+int(row[lx*4+1])+int(row[lx*4+2]), n+3
				}
			}
			small.SetColorIndex(x, y, uint8((sum/n*(greySteps-1)+127)/255))
		}
	}
	return small
}

func greys() color.Palette {
	var out color.Palette
	for i := range greySteps {
		out = append(out, color.Gray{Y: uint8(i * 255 / (greySteps - 1))})
	}
	return out
}

// differ is the share of pixels of either picture that the other has nothing like around their place.
func differ(a, b *image.Paletted) float64 {
	if a.Bounds() != b.Bounds() {
		return 1
	}
	n := 0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			if alone(a, b, x, y) || alone(b, a, x, y) {
				n++
			}
		}
	}
	return float64(n) / float64(a.Rect.Dx()*a.Rect.Dy())
}

func alone(a, b *image.Paletted, x, y int) bool {
	darkest, lightest := 255, 0
	for _, at := range [][2]int{{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, 1}, {-1, 1}, {1, -1}} {
		if p := (image.Point{x + at[0], y + at[1]}); p.In(b.Rect) {
			darkest, lightest = min(darkest, greyAt(b, p)), max(lightest, greyAt(b, p))
		}
	}
	own := greyAt(a, image.Point{x, y})
	return own < darkest-greyApart || own > lightest+greyApart
}

func greyAt(p *image.Paletted, at image.Point) int {
	return int(p.ColorIndexAt(at.X, at.Y)) * 255 / (greySteps - 1)
}

func keepPicture(t *testing.T, name string, p *image.Paletted) {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	if b.Len() > baselineBytes {
		t.Errorf("%s has %d bytes, at most %d", name, b.Len(), baselineBytes)
	}
	if err := os.MkdirAll(baselineFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readPicture(t *testing.T, name string) *image.Paletted {
	t.Helper()
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(kept))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	p, ok := picture.(*image.Paletted)
	if !ok || len(p.Palette) != greySteps {
		t.Fatalf("%s is not of %d greys", name, greySteps)
	}
	return p
}

// TestBaselinesBite shows that what matters is seen, and that how letters are drawn is not.
func TestBaselinesBite(t *testing.T) {
	base, tab := serve(t), testenv.Browser(t)
	forced, paper := baselineShots()[0], baselineShots()[1]
	set := func(selector, property, value string) string {
		return fmt.Sprintf(`document.querySelectorAll(%q).forEach(e => e.style.setProperty(%q, %q, "important"))`, selector, property, value)
	}
	for _, c := range []struct {
		name, state, harm string
		how               shot
		want              bool
	}{
		{"borders of a table vanish", "users", set(".table-box, .table-box *", "border-color", "Canvas"), forced, true},
		{"borders of controls vanish", "login-wrong-pair", set(".input", "border-color", "Canvas"), forced, true},
		{"the focus does not show", "login-wrong-pair", set("#password", "outline", "0"), forced, true},
		{"where one is is not marked", "users", set(".nav [aria-current]", "outline", "0"), forced, true},
		{"bars vanish", "overview", set(".bar-1", "fill", "Canvas"), forced, true},
		{"the main button is like others", "consent", set(".button-main", "background", "Canvas"), forced, true},
		{"a text disappears", "account", set(".facts dd", "visibility", "hidden"), forced, true},
		{"navigation is printed", "users", set(".side", "display", "flex"), paper, true},
		{"buttons are printed", "user", set(".button, .tools", "display", "flex"), paper, true},
		{"a column is cut off", "users", set("td:last-child, thead th:last-child", "visibility", "hidden"), paper, true},
		{"a check mark is not printed", "user", set(".check", "display", "none"), paper, true},
		{"letters are finer", "users", set("body", "-webkit-font-smoothing", "antialiased"), forced, false},
		{"letters stand a little beside", "audit-event", set("main", "translate", "0.4px 0.4px"), forced, false},
		{"letters stand a little beside on paper", "account", set("main", "translate", "0.4px 0.3px"), paper, false},
	} {
		one := baselineStates()[slices.IndexFunc(baselineStates(), func(s state) bool { return s.name == c.state })]
		look(t, tab, base, c.how, one)
		before := c.how.take(t, tab)
		do(t, tab, chromedp.Evaluate[chromedp.Void](c.harm+"; undefined"))
		do(t, tab, chromedp.Evaluate[chromedp.Void](settle, chromedp.EvalAwaitPromise))
		share := differ(before, c.how.take(t, tab))
		t.Logf("%s: %.2f %%", c.name, share*100)
		if got := share > mayDiffer; got != c.want {
			t.Errorf("%s: %.2f %% is different", c.name, share*100)
		}
	}
	// The same pixels drawn twice as fine are other letters and the same page.
	look(t, tab, base, forced, baselineStates()[0])
	before := forced.take(t, tab)
	command(t, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: forced.width, Height: forced.height, DeviceScaleFactor: 2,
	})
	do(t, tab, chromedp.Evaluate[chromedp.Void](settle, chromedp.EvalAwaitPromise))
	if share := differ(before, forced.take(t, tab)); share > mayDiffer {
		t.Errorf("drawn finer: %.2f %% is different", share*100)
	}
}
