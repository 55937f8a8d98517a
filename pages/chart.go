package pages

import (
	"errors"
	"html/template"
	"math"
	"slices"
	"strconv"
	"time"
)

// Chart is bars over time, one or two on top of each other.
type Chart struct {
	ID    string // on the page, such as "sign-ins"
	Title string // key
	// First and Second are the keys of what is counted, in words that follow a
	// number ("succeeded"); an empty Second is a chart of one series.
	First, Second string
	Step          time.Duration // of a bar: an hour, or days
	Zone          string        // the labels' zone, "" is UTC
	Bars          []Bar         // in order of time
}

// Bar is what was counted in one step.
type Bar struct {
	At            time.Time // its start
	First, Second int64
	Missing       bool // not known: a gap, which is not a zero
}

// The geometry: across in percent of the width, so that it fits every window
// and letters keep their size; down in sixteenths of a rem, so that it grows with the letters.
const (
	plotStart  = 6.0   // percent, where the bars begin; the numbers stand before it
	plotTop    = 16.0  // of the highest line
	plotBottom = 196.0 // of zero
	chartTicks = 4
	barShare   = 0.7 // of a slot
	stackGap   = 2.0 // between two series
)

// chartView is what the part chart shows.
type chartView struct {
	Chart
	Title, Desc, First, Second string
	Zone                       string
	Ticks                      []tick
	Slots                      []slot
	Hatch                      string // id of the pattern
}

// tick is a line across with its number.
type tick struct {
	Y      string
	LabelY string
	Label  string
}

// slot is one bar with its words.
type slot struct {
	X, Width       string
	HitX, HitWidth string
	Label, LabelX  string // "" where there is no room for one
	Title          string
	Y1, H1, Y2, H2 string // "" heights where there is nothing
	Span           string
	When           template.HTML // the span with its zone, in <time> from its start
	First, Second  string
	Missing        bool
}

func (s *speaker) chart(c Chart) (chartView, error) {
	out := chartView{Chart: c, Hatch: c.ID + "-hatch", Zone: zoneName(c)}
	var faults [3]error
	out.Title, faults[0] = s.say(text{key: c.Title})
	out.First, faults[1] = s.say(text{key: c.First})
	if c.Second != "" {
		out.Second, faults[2] = s.say(text{key: c.Second})
	}
	if err := errors.Join(faults[:]...); err != nil {
		return out, err
	}
	top := niceTop(highest(c.Bars))
	for i := range chartTicks + 1 {
		value := top * int64(i) / chartTicks
		y := height(float64(value), top)
		out.Ticks = append(out.Ticks, tick{Y: rem(y), LabelY: rem(y + 4.5), Label: s.compact(value, top)})
	}
	width := (100 - plotStart) / float64(max(1, len(c.Bars)))
	labelled := labelledBars(c)
	for i, b := range c.Bars {
		one, err := s.slot(out, b, top)
		if err != nil {
			return out, err
		}
		from := plotStart + float64(i)*width
		one.HitX, one.HitWidth = percent(from), percent(width)
		one.X, one.Width = percent(from+width*(1-barShare)/2), percent(width*barShare)
		if one.LabelX = percent(from + width/2); !labelled(i) {
			one.Label = ""
		}
		out.Slots = append(out.Slots, one)
	}
	var err error
	out.Desc, err = s.chartDesc(out)
	return out, err
}

// slot makes a bar's heights and words.
func (s *speaker) slot(c chartView, b Bar, top int64) (slot, error) {
	one := slot{Missing: b.Missing, First: s.number(b.First), Second: s.number(b.Second)}
	var err error
	if one.Label, one.Span, err = s.span(c.Chart, b.At); err != nil {
		return one, err
	}
	one.When = timeElement(b.At, one.Span+" "+zoneAt(b.At.In(location(c.Chart.Zone))))
	a := args{"Span": one.Span, "First": one.First, "FirstName": c.First, "Second": one.Second, "SecondName": c.Second}
	key := "chart.bar"
	switch {
	case b.Missing:
		key = "chart.bar_missing"
	case c.Second != "":
		key = "chart.bar_two"
	}
	if one.Title, err = s.say(text{key: key, args: a}); err != nil || b.Missing {
		return one, err
	}
	y := plotBottom
	if b.First > 0 {
		y = math.Min(height(float64(b.First), top), plotBottom-2)
		one.Y1, one.H1 = rem(y), rem(plotBottom-y)
		y -= stackGap
	}
	if b.Second > 0 {
		h := math.Max(plotBottom-height(float64(b.Second), top), 3)
		one.Y2, one.H2 = rem(y-h), rem(h)
	}
	return one, nil
}

// span names a step: its start for the axis, and from when to when.
func (s *speaker) span(c Chart, at time.Time) (label, span string, err error) {
	local, end := at.In(location(c.Zone)), at.Add(c.Step).In(location(c.Zone))
	day, err := s.say(text{key: "date.day", args: args{"Day": local.Format("2"), "Month": text{key: "date.mon." + local.Format("01")}}})
	if c.Step >= 24*time.Hour {
		return day, day, err
	}
	return local.Format("15:04"), day + ", " + local.Format("15:04") + "–" + end.Format("15:04"), err
}

// chartDesc is the chart in a sentence.
func (s *speaker) chartDesc(c chartView) (string, error) {
	if len(c.Slots) == 0 {
		return s.say(text{key: "chart.none"})
	}
	var first, second, most int64
	peak := 0
	for i, b := range c.Bars {
		first, second = first+b.First, second+b.Second
		if sum := b.First + b.Second; sum > most {
			most, peak = sum, i
		}
	}
	key := "chart.desc"
	if c.Second != "" {
		key = "chart.desc_two"
	}
	return s.say(text{key: key, args: args{
		"From": c.Slots[0].Span, "To": c.Slots[len(c.Slots)-1].Span, "Zone": c.Zone,
		"First": s.number(first), "FirstName": c.First, "Second": s.number(second), "SecondName": c.Second,
		"Most": s.number(most), "Peak": c.Slots[peak].Span,
	}})
}

// Total is what a series adds up to.
func (c Chart) total(of func(Bar) int64) (sum int64) {
	for _, b := range c.Bars {
		sum += of(b)
	}
	return sum
}

// Empty reports whether there is nothing to draw. What is not known is drawn as a gap.
func (c Chart) Empty() bool {
	return c.total(func(b Bar) int64 { return b.First + b.Second }) == 0 &&
		!slices.ContainsFunc(c.Bars, func(b Bar) bool { return b.Missing })
}

// labelledBars tells which bars have room for a label, hours at round ones.
func labelledBars(c Chart) func(i int) bool {
	every, first := (len(c.Bars)+7)/8, 0
	if c.Step == time.Hour && len(c.Bars) > 0 && every > 1 {
		first = every - c.Bars[0].At.In(location(c.Zone)).Hour()%every
	}
	return func(i int) bool { return i%every == first%every }
}

func highest(bars []Bar) (top int64) {
	for _, b := range bars {
		top = max(top, b.First+b.Second)
	}
	return top
}

// niceTop is a round number at or over n that four lines divide evenly.
func niceTop(n int64) int64 {
	for size := int64(1); ; size *= 10 {
		for _, step := range []int64{4, 8, 12, 16, 20, 24, 32, 40} {
			if top := step * size; top >= n {
				return top
			}
		}
	}
}

// height is where a value stands, from above.
func height(value float64, top int64) float64 {
	return plotBottom - (plotBottom-plotTop)*value/float64(top)
}

func rem(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000/16)/1000, 'f', -1, 64) + "rem"
}

func percent(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + "%" }

// compact writes a number on an axis up to top in few characters: 1,200, 12k, 34M.
func (s *speaker) compact(n, top int64) string {
	switch {
	case n == 0:
	case top >= 20_000_000:
		return s.number(n/1_000_000) + "M"
	case top >= 20_000:
		return s.number(n/1000) + "k"
	}
	return s.number(n)
}

func location(zone string) *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// zoneName is how the zone is called over the chart's time: by two names where
// the clocks change within.
func zoneName(c Chart) string {
	zone := location(c.Zone)
	if len(c.Bars) == 0 {
		return zoneAt(time.Time{}.In(zone))
	}
	first, last := zoneAt(c.Bars[0].At.In(zone)), zoneAt(c.Bars[len(c.Bars)-1].At.In(zone))
	if first != last {
		return first + "/" + last
	}
	return first
}
