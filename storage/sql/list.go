package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/idp"
	"gatehouse/storage/keyset"
)

// listing is how a list of one kind of record is read.
type listing[T any] struct {
	db      aggregate
	table   string // with the alias that columns know it by
	id      string // tells records of one value apart
	key     string // finds a record whole; "" if it is the id
	columns string // of a record
	into    func(*T) scanner
	// parseID reads an ID of a cursor.
	parseID func(string) (id any, ok bool)
}

// order is what a list is sorted by.
type order struct {
	name       string // as in a query
	column     string // column or expression, never NULL
	time       bool   // it is a time, otherwise a text
	descending bool
}

// orderOf finds the order that a query asks for; fallback is the list's own. An
// unknown one is an *idp.InvalidError on "sort".
func orderOf(sort, fallback string, orders []order) (order, error) {
	if sort == "" {
		sort = fallback
	}
	name, descending := strings.CutPrefix(sort, "-")
	for _, o := range orders {
		if o.name == name {
			o.descending = descending
			return o, nil
		}
	}
	return order{}, invalid("sort", "is not something to sort this list by")
}

func (o order) String() string {
	if o.descending {
		return "-" + o.name
	}
	return o.name
}

// conditions are what the records of a list must meet, with ? for each argument.
type conditions struct {
	texts []string
	args  []any
	// along is the index along which SQLite is to read, which knows nothing of how many
	// records have a value; "" leaves it to the planner.
	along string
}

func (c *conditions) add(text string, args ...any) {
	c.texts = append(c.texts, "("+text+")")
	c.args = append(c.args, args...)
}

// where returns the conditions as a clause.
func (c *conditions) where() string {
	if len(c.texts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.texts, " AND ")
}

// numbered replaces each ? by $1, $2, …
func numbered(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	return b.String()
}

// page runs the verb op: it reads one page of the records that meet the conditions.
func (l listing[T]) page(ctx context.Context, op string, q idp.ListQuery, o order, c conditions) (idp.Page[*T], error) {
	r, err := keyset.Read(q, o.String())
	if err != nil {
		return idp.Page[*T]{}, err
	}
	from := l.table
	if c.along != "" && l.db.dialect.along != "" {
		from += l.db.dialect.along + c.along
	}
	text, args, ok := l.statement(r, from, o, c)
	if !ok {
		return idp.Page[*T]{}, r.Broken()
	}
	var page idp.Page[*T]
	err = l.db.do(ctx, op, func() error {
		var items []*T
		var marks []keyset.Mark
		direct := unprepared{l.db.read.db, l.db.dialect}
		_, err := each(ctx, direct, func(scan func(...any) error) error {
			var m keyset.Mark
			item := new(T)
			err := l.into(item)(func(dest ...any) error { return scan(append(dest, markTo{&m.Value}, markTo{&m.ID})...) })
			items, marks = append(items, item), append(marks, m)
			return err
		}, text, args...)
		if err != nil {
			return err
		}
		page = keyset.Build(r, items, marks, nil)
		if r.From == nil && page.Next == "" {
			page.Total = len(page.Items)
			return nil
		}
		page.Total, page.More, err = count(ctx, direct, from, c)
		return err
	})
	if err != nil {
		return idp.Page[*T]{}, err
	}
	return page, nil
}

// statement is what reads a page. Which records are on it is found in an index,
// and only those are read whole. Not ok when the place to begin is none of this list.
func (l listing[T]) statement(r keyset.Request, from string, o order, c conditions) (text string, args []any, ok bool) {
	comparison, direction := ">", "ASC"
	if o.descending != r.Back {
		comparison, direction = "<", "DESC"
	}
	on := conditions{texts: slices.Clone(c.texts), args: slices.Clone(c.args)}
	if r.From != nil {
		value, id, ok := l.place(o, *r.From)
		if !ok {
			return "", nil, false
		}
		on.add(fmt.Sprintf("(%s, %s) %s (?, ?)", o.column, l.id, comparison), value, id)
	}
	key := cmp.Or(l.key, l.id)
	order := func(value, id string) string { return fmt.Sprintf("%s %s, %s %s", value, direction, id, direction) }
	found := fmt.Sprintf(`SELECT %s AS k_value, %s AS k_id, %s AS k_key FROM %s%s ORDER BY %s LIMIT %d`,
		o.column, l.id, key, from, on.where(), order(o.column, l.id), r.Limit+1)
	text = fmt.Sprintf(`SELECT %s, k_value, k_id FROM (%s) k JOIN %s ON %s = k_key ORDER BY %s`,
		l.columns, found, l.table, key, order("k_value", "k_id"))
	return numbered(text), on.args, true
}

// count counts the records that meet the conditions, as far as lists count.
func count(ctx context.Context, r runner, from string, c conditions) (n int, more bool, err error) {
	err = first(ctx, r, into(&n), numbered(fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM %s%s LIMIT %d) c`,
		from, c.where(), idp.MaxCount+1)), c.args...)
	return min(n, idp.MaxCount), n > idp.MaxCount, err
}

// place turns a cursor's mark into parameters; not ok when it is none of this list.
func (l listing[T]) place(o order, m keyset.Mark) (value, id any, ok bool) {
	id, ok = l.parseID(m.ID)
	if !ok || !o.time {
		return m.Value, id, ok && storable(m.Value)
	}
	us, err := strconv.ParseInt(m.Value, 10, 64)
	if at := time.UnixMicro(us).UTC(); err == nil && at.Year() >= -4000 && at.Year() <= 9999 {
		return l.db.dialect.time(at), id, true
	}
	return nil, nil, false
}

// markTo scans what an item is sorted by, or its ID: a time as microseconds.
type markTo struct{ dst *string }

func (m markTo) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*m.dst = v
	case []byte:
		*m.dst = string(v)
	case int64:
		*m.dst = strconv.FormatInt(v, 10)
	case time.Time:
		*m.dst = strconv.FormatInt(v.UnixMicro(), 10)
	default:
		return fmt.Errorf("a sort value came as %T", src)
	}
	return nil
}

// contains adds the condition that the column holds the text, in any case.
func (c *conditions) contains(d *dialect, column, text string) {
	c.add(fmt.Sprintf(d.contains, column), d.part(strings.ToLower(text)))
}

func textID(s string) (any, bool)   { return s, storable(s) }
func uuidID(s string) (any, bool)   { return s, isID(s) }
func numberID(s string) (any, bool) { n, err := strconv.ParseInt(s, 10, 64); return n, err == nil }
