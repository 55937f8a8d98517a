package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"gatehouse/idp"
	"gatehouse/web"
)

// members are the members of a JSON object as they were sent, by their exact
// names. encoding/json alone would take "ROLES" for "roles" and the last of
// several; what a caller may change is decided by names, so here they count.
type members map[string]json.RawMessage

// parseMembers reads a body that is one JSON object. None at all is an empty object.
func parseMembers(body []byte) (members, error) {
	m := members{}
	if len(body) == 0 {
		return m, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errNoObject()
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errNoObject()
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNoObject()
		}
		if nesting(value) > maxNesting {
			return nil, web.BadInput("the body is nested too deeply")
		}
		if _, twice := m[name.(string)]; twice { // only a string stands there
			return nil, web.BadInput("a member of the body is repeated")
		}
		m[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errNoObject()
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, web.BadInput("there is something after the JSON object")
	}
	return m, nil
}

// maxNesting bounds objects and lists within a member. No record of ours needs
// more than one; each costs a merge another walk over all that lies within.
const maxNesting = 8

// nesting is how many objects and lists lie within each other in a JSON value.
func nesting(value json.RawMessage) int {
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(value); i++ {
		switch b := value[i]; {
		case quoted && b == '\\':
			i++ // what is escaped ends no text
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			depth++
			most = max(most, depth)
		case b == '}' || b == ']':
			depth--
		}
	}
	return most
}

func errNoObject() error { return web.BadInput("the body is not a JSON object") }

// has reports whether the member was sent.
func (m members) has(name string) bool { _, sent := m[name]; return sent }

// only refuses members that the call does not take, so that a misspelt one is seen.
func (m members) only(names ...string) error {
	return m.faulty(func(name string) string {
		if slices.Contains(names, name) {
			return ""
		}
		return "is not a member that this call takes"
	})
}

// faulty reports the members of which why has something to say.
func (m members) faulty(why func(name string) string) error {
	var faults []idp.Fault
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if message := why(name); message != "" {
			faults = append(faults, idp.Fault{Field: name, Message: message})
		}
	}
	return invalid(faults...)
}

// text returns a member that is a text, "" when it was not sent.
func (m members) text(name string) (string, error) {
	var into struct{ V string }
	if raw, sent := m[name]; sent {
		if json.Unmarshal(raw, &into.V) != nil || string(raw) == "null" {
			return "", invalid(fault(name, "must be a text"))
		}
	}
	return into.V, nil
}

// fill decodes the members into the fields of into, a pointer to a struct,
// that have those JSON names. The others stay. Every fault is reported.
func (m members) fill(into any) error {
	var faults []idp.Fault
	for _, name := range slices.Sorted(maps.Keys(m)) {
		one, _ := json.Marshal(members{name: m[name]}) // was JSON before
		d := json.NewDecoder(bytes.NewReader(one))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			faults = append(faults, idp.Fault{Field: name, Message: decodeFault(err)})
		}
	}
	return invalid(faults...)
}

// decodeFault says in plain words what JSON was expected.
func decodeFault(err error) string {
	var kind *json.UnmarshalTypeError
	var when *time.ParseError
	switch {
	case errors.As(err, &when):
		return "must be a time such as 2031-12-31T12:00:00Z"
	case !errors.As(err, &kind):
		return "has not the form that this member takes"
	}
	switch kind.Type.Kind() {
	case reflect.String:
		return "must be a text"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Slice:
		return "must be a list of texts"
	case reflect.Struct, reflect.Map:
		return "must be an object"
	default:
		return "has not the form that this member takes"
	}
}

// patch changes the record that into points to by the members, as RFC 7396
// has it: null takes a value away, an object is merged, the rest replaces.
// The record is as it was when there is an error.
func patch[T any](into *T, m members) error {
	now, err := json.Marshal(into)
	if err != nil {
		return err
	}
	all := members{}
	if err := json.Unmarshal(now, &all); err != nil {
		return err
	}
	for name, value := range m {
		all.merge(name, value)
	}
	var next T
	if err := all.fill(&next); err != nil {
		return err
	}
	*into = next
	return nil
}

// merge is one member's part of MergePatch, RFC 7396 §2.
func (m members) merge(name string, value json.RawMessage) {
	var inner members
	switch {
	case string(value) == "null":
		delete(m, name)
	case json.Unmarshal(value, &inner) == nil: // an object
		target := members{}
		if json.Unmarshal(m[name], &target) != nil {
			target = members{} // the patch takes the place of what is no object
		}
		for n, v := range inner {
			target.merge(n, v)
		}
		m[name], _ = json.Marshal(target) // was JSON before
	default:
		m[name] = value
	}
}
