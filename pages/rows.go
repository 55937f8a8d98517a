package pages

import (
	"fmt"

	"gatehouse/idp"
)

// rowsView is what the part rows shows: a field of several values, one in each
// row, with an empty row at the end. The button "add" sends the form to be
// drawn again with one row more.
type rowsView struct {
	ID, Name     string
	Label, Help  any
	Add          any
	Fault        string // of the whole
	Describedby  string
	Rows         []rowView
	Optional     bool
	FirstInvalid bool
}

type rowView struct {
	ID, Value, Label   string
	Fault, Describedby string
	Focus              bool
}

// adds is the field whose button "add" was pressed, "" for none.
func (f Form) adds() string { return f.Values.Get("add") }

// rows prepares the part rows. The pairs: "label" (else "field.NAME"), "help",
// "add" (the words of the button), "optional". A fault whose first argument is
// a row's value belongs to that row.
func (s *speaker) rows(v view, f Form, name string, given ...any) (rowsView, error) {
	more, err := newPairs(given)
	if err != nil {
		return rowsView{}, err
	}
	out := rowsView{ID: fieldID(f.Prefix, name), Name: name, Optional: more.flag("optional")}
	label, ok := more["label"]
	if !ok {
		label = "field." + name
	}
	for _, w := range []struct {
		into  *any
		given any
	}{{&out.Label, label}, {&out.Help, more["help"]}, {&out.Add, more["add"]}} {
		if *w.into, err = s.words(w.given); err != nil {
			return out, err
		}
	}
	if out.Help != nil {
		out.Describedby = out.ID + "-help"
	}
	values := f.Values[name]
	if len(values) == 0 || values[len(values)-1] != "" {
		values = append(values[:len(values):len(values)], "")
	}
	for i, value := range values {
		row := rowView{ID: out.ID, Value: value} // the summary of faults leads to the first
		if i > 0 {
			row.ID = fmt.Sprintf("%s-%d", out.ID, i+1)
		}
		if row.Label, err = s.say(text{key: "apps.row", args: args{"Label": out.Label, "N": s.number(int64(i + 1))}}); err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, row)
	}
	if f.adds() == name {
		out.Rows[len(out.Rows)-1].Focus = v.state.focus()
	}
	s.rowFaults(v, f, &out)
	return out, more.unknown("label", "help", "add", "optional")
}

// rowFaults puts each fault to its row, or to the whole.
func (s *speaker) rowFaults(v view, f Form, out *rowsView) {
	for _, fault := range f.Faults {
		if fault.Field != out.Name {
			continue
		}
		row := out.rowOf(fault)
		if row == nil {
			out.Fault = s.fault(fault)
			row = &out.Rows[0]
			row.Describedby = out.ID + "-fault"
		} else {
			row.Fault = s.fault(fault)
			row.Describedby = row.ID + "-fault"
		}
		row.Focus = row.Focus || v.state.focus()
	}
}

func (r *rowsView) rowOf(fault idp.Fault) *rowView {
	if len(fault.Args) == 0 {
		return nil
	}
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Value != "" && row.Value == fmt.Sprint(fault.Args[0]) && row.Fault == "" {
			return row
		}
	}
	return nil
}
