package pages

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"gatehouse/idp"
)

// Form is a form as it is to be shown: empty, with the record's values, or with
// what was typed and what is wrong with it.
type Form struct {
	ID      string // passed on as form_id, so that the form counts once; may be ""
	Action  string // where it posts
	Version string // passed on as version: the record's state that was edited; may be ""
	Values  url.Values
	Faults  []idp.Fault
	Notice  FormNotice
	// Prefix tells the fields of a page's second form from those of its first: a
	// part of their ids, not of their names. "" is right for one form.
	Prefix string
	// Files says that the form has a field of type file: it is sent as multipart/form-data.
	Files bool
}

// FormNotice says why a form is shown again although nothing in it is wrong.
type FormNotice string

// The notices of forms.
const (
	NoticeStaleForm   FormNotice = "stale"        // the page was open for a long time
	NoticeSessionBack FormNotice = "session_back" // signed in again; what was typed is still here
	NoticeChanged     FormNotice = "changed"      // somebody else changed the record meanwhile
)

// Failed reports whether the form was sent and refused: the page's title then says so.
func (f Form) Failed() bool { return len(f.Faults) > 0 || f.Notice != "" }

// Option is one choice of a select, a radio group or a group of checkboxes. Its
// words are Label as it stands, or the message Key.
type Option struct {
	Value    string
	Label    string
	Key      string
	Help     string // a line under it; HelpKey is the same from the catalogue
	HelpKey  string
	Disabled bool
}

// optionView is an Option in words.
type optionView struct {
	ID, Value         string
	Label, Help       any
	Checked, Disabled bool
}

// formView is what the parts form_top and form_bottom show.
type formView struct {
	Form
	CSRF, Back string
	Notice     any
	Problems   []problem
}

// problem is a line of the summary above a form.
type problem struct {
	To    string // id of the field, "" where there is none
	Label any    // nil where there is none
	Text  string
}

// fieldID is the id of a field's control.
func fieldID(prefix, name string) string { return "f-" + prefix + name }

// form prepares the part form_top. The pairs are names of fields and keys of
// their labels, where the label is not "field.NAME": the summary says them.
func (s *speaker) form(v view, f Form, pairs ...any) (formView, error) {
	labels, err := newPairs(pairs)
	if err != nil {
		return formView{}, err
	}
	out := formView{Form: f}
	if v.Shell != nil {
		out.CSRF, out.Back = v.Shell.CSRF, v.Shell.back()
	}
	if f.Notice != "" {
		if out.Notice, err = s.say(text{key: "form.notice." + string(f.Notice)}); err != nil {
			return out, err
		}
	}
	for _, fault := range f.Faults {
		p := problem{Text: s.fault(fault)}
		label, ok := labels[fault.Field]
		if !ok {
			label = "field." + fault.Field
		}
		// A fault of something that the form does not show has no words for it.
		if words, err := s.words(label); err == nil && fault.Field != "" {
			p.To, p.Label = fieldID(f.Prefix, fault.Field), words
		}
		out.Problems = append(out.Problems, p)
	}
	return out, nil
}

// fieldView is what the part field shows.
type fieldView struct {
	ID, Name, Type            string
	Label, Help, Fixed        any
	Value, Fault, Describedby string
	Autocomplete, Inputmode   string
	Rows                      int
	Min, Max, Accept          string
	Options                   []optionView
	Checked, Optional, Mono   bool
	Required, Focus           bool
}

// field prepares the part field. See the package comment for what the pairs may hold.
func (s *speaker) field(v view, f Form, name string, pairs ...any) (fieldView, error) {
	more, err := newPairs(pairs)
	if err != nil {
		return fieldView{}, err
	}
	out := fieldView{
		ID: fieldID(f.Prefix, name), Name: name, Type: more.text("type", "text"), Value: f.Values.Get(name),
		Autocomplete: more.text("autocomplete", "off"), Inputmode: more.text("inputmode", ""),
		Min: more.text("min", ""), Max: more.text("max", ""), Accept: more.text("accept", ""),
		Rows: more.number("rows", 3), Optional: more.flag("optional"), Mono: more.flag("mono"),
	}
	out.Required = !out.Optional && out.Type != "checkbox" && out.Type != "checkboxes"
	out.Checked = out.Value == "1"
	if out.Type == "password" || out.Type == "file" {
		out.Value = "" // never sent back
	}
	for _, fault := range f.Faults {
		if fault.Field == name && out.Fault == "" {
			out.Fault = s.fault(fault)
			out.Focus = v.state.focus()
		}
	}
	if out.Focus = out.Focus || more.flag("autofocus") && len(f.Faults) == 0 && f.adds() == "" && v.state.focus(); out.Fault != "" {
		out.Describedby = out.ID + "-fault"
	}
	if err := s.fieldWords(&out, more); err != nil {
		return out, err
	}
	chosen := f.Values[name]
	out.Options, err = s.options(out.ID, more["options"], chosen)
	return out, errors.Join(err, more.unknown("type", "autocomplete", "inputmode", "min", "max", "accept", "rows", "optional", "mono", "autofocus",
		"label", "help", "fixed", "options"))
}

func (s *speaker) fieldWords(out *fieldView, more pairs) error {
	label, ok := more["label"]
	if !ok {
		label = "field." + out.Name
	}
	var err error
	if out.Label, err = s.words(label); err != nil {
		return err
	}
	if out.Fixed, err = s.words(more["fixed"]); err != nil {
		return err
	}
	if out.Help, err = s.words(more["help"]); err != nil || out.Help == nil {
		return err
	}
	if out.Describedby != "" {
		out.Describedby += " "
	}
	out.Describedby += out.ID + "-help"
	return nil
}

// options puts choices into words. given is a []Option, or what the template function options made.
func (s *speaker) options(id string, given any, chosen []string) ([]optionView, error) {
	list, ok := given.([]Option)
	if !ok && given != nil {
		return nil, fmt.Errorf("options of %s are a %T", id, given)
	}
	out := make([]optionView, 0, len(list))
	for i, o := range list {
		one := optionView{
			ID: fmt.Sprintf("%s-%d", id, i), Value: o.Value, Label: o.Label,
			Disabled: o.Disabled, Checked: slices.Contains(chosen, o.Value),
		}
		if o.Help != "" {
			one.Help = o.Help
		}
		var err error
		if o.Key != "" {
			if one.Label, err = s.words(o.Key); err != nil {
				return nil, err
			}
		}
		if o.HelpKey != "" {
			if one.Help, err = s.words(o.HelpKey); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// makeOptions is the template function options: values and keys of their words.
func makeOptions(valuesAndKeys ...string) ([]Option, error) {
	if len(valuesAndKeys)%2 != 0 {
		return nil, errors.New("options: a value without a key")
	}
	var out []Option
	for pair := range slices.Chunk(valuesAndKeys, 2) {
		out = append(out, Option{Value: pair[0], Key: pair[1]})
	}
	return out, nil
}
