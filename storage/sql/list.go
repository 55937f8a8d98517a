package sqlstore

import (
	"cmp"
	"context"
	"fmt"
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

// page runs the verb op: it reads one page of the records that meet the
// conditions. Which ones is found in an index, and only those are read whole.
func (l listing[T]) page(ctx context.Context, op string, q idp.ListQuery, o order, c conditions) (idp.Page[*T], error) {
	r, err := keyset.Read(q, o.String())
	if err != nil {
		return idp.Page[*T]{}, err
	}
	from := l.table
	if c.along != "" && l.db.dialect.along != "" {
		from += l.db.dialect.along + c.along
	}
	on := conditions{texts: c.texts[:len(c.texts):len(c.texts)], args: c.args[:len(c.args):len(c.args)]}
	comparison, direction := ">", "ASC"
	if o.descending != r.Back {
		comparison, direction = "<", "DESC"
	}
	if r.From != nil {
		value, id, ok := l.place(o, *r.From)
		if !ok {
			return idp.Page[*T]{}, r.Broken()
		}
		on.add(fmt.Sprintf("(%s, %s) %s (?, ?)", o.column, l.id, comparison), value, id)
	}
	text := fmt.Sprintf(`SELECT %[1]s, k_value, k_id FROM
		(SELECT %[2]s AS k_value, %[3]s AS k_id, %[8]s AS k_key FROM %[9]s%[5]s ORDER BY %[2]s %[6]s, %[3]s %[6]s LIMIT %[7]d) k
		JOIN %[4]s ON %[8]s = k_key ORDER BY k_value %[6]s, k_id %[6]s`,
		l.columns, o.column, l.id, l.table, on.where(), direction, r.Limit+1, cmp.Or(l.key, l.id), from)
	var page idp.Page[*T]
	err = l.db.do(ctx, op, func() error {
		var items []*T
		var marks []keyset.Mark
		direct := unprepared{l.db.read.db, l.db.dialect}
		_, err := each(ctx, direct, func(scan func(...any) error) error {
			item, mark := new(T), keyset.Mark{}
			items, marks = append(items, item), append(marks, keyset.Mark{})
			err := l.into(item)(func(dest ...any) error { return scan(append(dest, markTo{&mark.Value}, markTo{&mark.ID})...) })
			marks[len(marks)-1] = mark
			return err
		}, numbered(text), on.args...)
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
