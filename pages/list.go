package pages

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/idp"
)

// ListView is where a list stands: all of it comes from the address, so every
// view of a list is a link. Use NewListView.
type ListView struct {
	Path  string
	Query url.Values // of the address, without what is empty
	Sort  string     // in force: a column, "-" in front for descending; "" is the list's own order
	// Next and Prev are cursors, "" where there is no such page.
	Next, Prev   string
	First, Count int // position of the first item (0 when not known), and how many are shown
	Total        int // negative when not counted
	More         bool
	Limit        int
	// PickOnly leaves "all that match" out of the acts on many.
	PickOnly bool
}

// NewListView makes the view of a page of a list at an address. Set Sort
// afterwards where the list has an order of its own and the query names none.
func NewListView[T any](path string, query url.Values, p idp.Page[T]) ListView {
	l := ListView{
		Path: path, Query: url.Values{}, Sort: query.Get("sort"), Next: p.Next, Prev: p.Prev,
		First: p.First, Count: len(p.Items), Total: p.Total, More: p.More, Limit: 50,
	}
	for name, values := range query {
		if name != "lang" && slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
			l.Query[name] = values
		}
	}
	if n, err := strconv.Atoi(query.Get("n")); err == nil && slices.Contains(pageSizes(), n) {
		l.Limit = n
	}
	return l
}

func pageSizes() []int { return []int{25, 50, 100} }

// view are the parameters that are about the view, not about what is looked for.
func (l ListView) filters() []Field {
	var out []Field
	for _, name := range slices.Sorted(maps.Keys(l.Query)) {
		if slices.Contains([]string{"sort", "n", "after", "before"}, name) {
			continue
		}
		for _, v := range l.Query[name] {
			if v != "" {
				out = append(out, Field{Name: name, Value: v})
			}
		}
	}
	return out
}

// Filtered reports whether something was looked for: no match is then not the same as none yet.
func (l ListView) Filtered() bool { return len(l.filters()) > 0 }

// Last is the position of the last item that is shown.
func (l ListView) Last() int { return l.First + l.Count - 1 }

// Beyond reports whether there are more than are shown.
func (l ListView) Beyond() bool { return l.Total > l.Count || l.More || l.Next != "" || l.Prev != "" }

// link is this view with one parameter changed; a change begins at the first page.
func (l ListView) link(name, value string) string {
	q := url.Values{}
	for k, v := range l.Query {
		if k != "after" && k != "before" {
			q[k] = v
		}
	}
	q.Set(name, value)
	return l.Path + "?" + q.Encode()
}

// listBar is what the parts list_bar, bulk_bar and pager show.
type listBar struct {
	ListView
	Range   string
	NextTo  string
	PrevTo  string
	Sizes   []sizeLink
	Hidden  []Field
	Action  string
	Options []optionView
	All     string // words of "all that match", "" where the page shows all
}

type sizeLink struct {
	N       int
	To      string
	Current bool
}

func (s *speaker) listBar(l ListView) (listBar, error) {
	out := listBar{ListView: l, Hidden: l.filters()}
	var err error
	if out.Range, err = s.rangeOf(l); err != nil {
		return out, err
	}
	if l.Next != "" {
		out.NextTo = l.link("after", l.Next)
	}
	if l.Prev != "" {
		out.PrevTo = l.link("before", l.Prev)
	}
	for _, n := range pageSizes() {
		out.Sizes = append(out.Sizes, sizeLink{N: n, To: l.link("n", strconv.Itoa(n)), Current: n == l.Limit})
	}
	return out, nil
}

// rangeOf says what is shown of how many.
func (s *speaker) rangeOf(l ListView) (string, error) {
	total := args{
		"First": s.number(int64(l.First)), "Last": s.number(int64(l.Last())), "Total": s.number(int64(l.Total)),
	}
	switch {
	case l.Count == 0:
		return s.say(text{key: "list.none"})
	case l.First == 0 || l.Total < 0:
		return s.say(text{key: "list.shown", count: l.Count, counted: true})
	case l.More:
		return s.say(text{key: "list.range_more", args: total})
	}
	return s.say(text{key: "list.range", args: total})
}

// bulkBar prepares the part bulk_bar: what is chosen in the table goes, by GET,
// to the review page at action. The options are the acts, values and keys.
func (s *speaker) bulkBar(l ListView, action string, options []Option) (listBar, error) {
	out, err := s.listBar(l)
	if err != nil {
		return out, err
	}
	out.Action = action
	if out.Options, err = s.options("bulk", options, nil); err != nil {
		return out, err
	}
	switch {
	case !l.Beyond(), l.PickOnly:
	case l.More || l.Total < 0:
		out.All, err = s.say(text{key: "list.all_more"})
	default:
		out.All, err = s.say(text{key: "list.all", count: l.Total, counted: true})
	}
	return out, err
}

// column is one column of a table.
type column struct {
	Label         any
	Sort          string // member of the record; "" when the list cannot be sorted by it
	To            string
	AriaSort      string
	End           bool // numbers
	Quiet, Pick   bool
	Act           bool
	firstDownward bool
}

// tableView is what the part table_top shows.
type tableView struct {
	ID      string
	Caption string
	Columns []column
}

// col is the template function that makes a column. The pairs: "sort" a member
// of the record, "down" true when the first click sorts downward, "end" true for
// numbers, "act" true for the column of actions, whose title is not shown.
func (s *speaker) col(label any, given ...any) (column, error) {
	more, err := newPairs(given)
	if err != nil {
		return column{}, err
	}
	c := column{Sort: more.text("sort", ""), End: more.flag("end"), Act: more.flag("act"), firstDownward: more.flag("down")}
	c.Quiet = c.Act
	if c.Label, err = s.words(label); err != nil {
		return c, err
	}
	return c, more.unknown("sort", "down", "end", "act")
}

// pickColumn is the column of the checkboxes.
func (s *speaker) pickColumn() (column, error) {
	label, err := s.say(text{key: "list.pick_all"})
	return column{Label: label, Pick: true}, err
}

// table prepares the part table_top. The list is a ListView, or nil for a table
// that is neither sorted nor paged.
func (s *speaker) table(v view, list, caption any, columns ...column) (tableView, error) {
	out := tableView{ID: v.state.id("table"), Columns: columns}
	words, err := s.words(caption)
	if err != nil {
		return out, err
	}
	out.Caption, _ = words.(string)
	l, ok := list.(ListView)
	if !ok {
		return out, nil
	}
	for i := range columns {
		c := &columns[i]
		if c.Sort == "" {
			continue
		}
		name, down := strings.CutPrefix(l.Sort, "-")
		c.To = l.link("sort", c.Sort)
		if c.firstDownward {
			c.To = l.link("sort", "-"+c.Sort)
		}
		if name != c.Sort {
			continue
		}
		order := "ascending"
		c.To = l.link("sort", "-"+c.Sort)
		if down {
			order, c.To = "descending", l.link("sort", c.Sort)
		}
		c.AriaSort = order
		out.Caption, err = s.say(text{key: "list.sorted." + order, args: args{"List": out.Caption, "Column": c.Label}})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// pick is a row's checkbox in the bulk form.
type pick struct{ Value, Label string }

func (s *speaker) pick(value, name string) (pick, error) {
	label, err := s.say(text{key: "list.pick", args: args{"Name": name}})
	return pick{Value: value, Label: label}, err
}

// searchView is what the part search shows.
type searchView struct {
	Path, Q string
	Label   any
	Keep    []Field
	Filters []filterView
	Clear   string // address without search and filters, "" when there are none
}

type filterView struct {
	ID, Name, Type, Value string
	Label                 any
	Options               []optionView
}

// filter is the template function that makes a filter of a search: a name, the
// key of its label, and its options, or the type of its input ("date").
func (s *speaker) filter(name string, label, kind any) (filterView, error) {
	f := filterView{ID: "q-" + name, Name: name}
	var err error
	if f.Label, err = s.words(label); err != nil {
		return f, err
	}
	if t, ok := kind.(string); ok {
		f.Type = t
		return f, nil
	}
	f.Options, err = s.options(f.ID, kind, nil)
	return f, err
}

// search prepares the part search.
func (s *speaker) search(l ListView, label any, filters ...filterView) (searchView, error) {
	out := searchView{Path: l.Path, Q: l.Query.Get("q"), Filters: filters}
	var err error
	if out.Label, err = s.words(label); err != nil {
		return out, err
	}
	shown := []string{"q", "after", "before"}
	for i := range filters {
		f := &filters[i]
		f.Value = l.Query.Get(f.Name)
		for j := range f.Options {
			f.Options[j].Checked = f.Options[j].Value == f.Value
		}
		shown = append(shown, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Query)) {
		if !slices.Contains(shown, name) {
			out.Keep = append(out.Keep, Field{Name: name, Value: l.Query.Get(name)})
		}
	}
	if l.Filtered() {
		out.Clear = l.Path
	}
	return out, nil
}
