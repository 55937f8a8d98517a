package pages

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

func english(t *testing.T) *speaker {
	t.Helper()
	cats, err := loadCatalogues(false)
	if err != nil {
		t.Fatal(err)
	}
	return cats.speaker(languages()[0])
}

func TestChartGeometry(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	c := Chart{ID: "c", Title: "nav.sessions", First: "nav.users", Second: "nav.roles", Step: time.Hour, Zone: "Asia/Kolkata", Bars: []Bar{
		{At: noon, First: 90, Second: 10},
		{At: noon.Add(time.Hour), First: 0, Second: 1},
		{At: noon.Add(2 * time.Hour)},
		{At: noon.Add(3 * time.Hour), Missing: true},
		{At: noon.Add(4 * time.Hour), First: 1},
	}}
	v, err := english(t).chart(c)
	if err != nil {
		t.Fatal(err)
	}
	num := func(s string) float64 {
		n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSuffix(s, "rem"), "%"), 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if first, last := v.Ticks[0], v.Ticks[len(v.Ticks)-1]; first.Label != "0" || num(first.Y) != plotBottom/16 || last.Label != "120" || num(last.Y) != plotTop/16 {
		t.Errorf("ticks from %v to %v", first, last)
	}
	both := v.Slots[0]
	gap := num(both.Y1) - num(both.Y2) - num(both.H2)
	if gap < 2.0/16-0.001 || math.Abs(num(both.Y1)+num(both.H1)-plotBottom/16) > 0.002 {
		t.Errorf("the series are %v rem apart, the lower ends at %v", gap, num(both.Y1)+num(both.H1))
	}
	if zero := v.Slots[2]; zero.H1 != "" || zero.H2 != "" || zero.Missing {
		t.Errorf("nothing counted: %+v", zero)
	}
	if gone := v.Slots[3]; !gone.Missing || !strings.HasSuffix(gone.Title, "not known") {
		t.Errorf("not known: %+v", gone)
	}
	if low := v.Slots[4]; num(low.H1) < 2.0/16 {
		t.Errorf("one of 120 cannot be seen: %+v", low)
	}
	right := 0.0
	for _, s := range v.Slots {
		if num(s.X) < right || num(s.X)+num(s.Width) > 100 {
			t.Errorf("bars overlap or leave the picture: %+v", s)
		}
		right = num(s.X) + num(s.Width)
	}
	if both.Title != "Nov 21, 17:30–18:30: 90 Users, 10 Roles" || both.Label != "17:30" {
		t.Errorf("%q, %q", both.Title, both.Label)
	}
	if want := "From Nov 21, 17:30–18:30 to Nov 21, 21:30–22:30 IST: 91 Users, 11 Roles. The most were 100 at Nov 21, 17:30–18:30."; v.Desc != want {
		t.Errorf("desc %q", v.Desc)
	}
}

// TestChartNamesItsZone: each row of the table tells its time with the zone
// that was in force then, also where the clocks change within the chart.
func TestChartNamesItsZone(t *testing.T) {
	start := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	c := Chart{ID: "c", Title: "nav.sessions", First: "nav.users", Step: 24 * time.Hour, Zone: "Europe/Paris"}
	c.Bars = []Bar{{At: start, First: 1}, {At: start.Add(24 * time.Hour), First: 1}}
	v, err := english(t).chart(c)
	if err != nil {
		t.Fatal(err)
	}
	if v.Zone != "CET/CEST" || !strings.Contains(v.Desc, "CET/CEST") {
		t.Errorf("the zone is %q: %s", v.Zone, v.Desc)
	}
	for i, want := range []string{
		`<time datetime="2026-03-28T12:00:00Z">Mar 28 CET</time>`, `<time datetime="2026-03-29T12:00:00Z">Mar 29 CEST</time>`,
	} {
		if got := string(v.Slots[i].When); got != want {
			t.Errorf("row %d: %s", i, got)
		}
	}
	c.Bars, c.Step = c.Bars[1:], time.Hour
	if v, err = english(t).chart(c); err != nil || v.Zone != "CEST" || string(v.Slots[0].When) != `<time datetime="2026-03-29T12:00:00Z">Mar 29, 14:00–15:00 CEST</time>` {
		t.Errorf("%q, %s, %v", v.Zone, v.Slots[0].When, err)
	}
}

func TestChartHasRoomForItsLabels(t *testing.T) {
	start := time.Date(2026, 3, 28, 5, 0, 0, 0, time.UTC)
	for _, bars := range []int{1, 7, 24, 30, 168} {
		c := Chart{ID: "c", Title: "nav.sessions", First: "nav.users", Step: time.Hour, Zone: "Europe/Paris"} // the clocks change within
		for i := range bars {
			c.Bars = append(c.Bars, Bar{At: start.Add(time.Duration(i) * time.Hour), First: 1})
		}
		v, err := english(t).chart(c)
		if err != nil {
			t.Fatal(err)
		}
		labels := 0
		for _, s := range v.Slots {
			if s.Label != "" {
				labels++
			}
		}
		if labels < 1 || labels > 9 {
			t.Errorf("%d bars have %d labels", bars, labels)
		}
	}
	if v, err := english(t).chart(Chart{ID: "c", Title: "nav.sessions", First: "nav.users"}); err != nil || v.Desc != "There is nothing to show yet." {
		t.Errorf("no bars: %q, %v", v.Desc, err)
	}
}

func TestNiceTop(t *testing.T) {
	for n, want := range map[int64]int64{0: 4, 4: 4, 5: 8, 9: 12, 100: 120, 121: 160, 187: 200, 20_400: 24_000, 1_000_001: 1_200_000} {
		if got := niceTop(n); got != want {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
	s := english(t)
	for top, want := range map[int64]string{8: "8", 4000: "4,000", 24_000: "24k", 24_000_000: "24M"} {
		if got := s.compact(top, top); got != want {
			t.Errorf("%d: %q", top, got)
		}
	}
}
