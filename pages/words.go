package pages

import (
	"fmt"
	"html/template"
	"slices"
)

// plain is text that is shown as it stands, where a part would take a key.
type plain string

// words resolves what a part was given for a text: the key of a message, plain
// text, a Text, or HTML that another template function made. Nothing stays nothing.
func (s *speaker) words(given any) (any, error) {
	switch v := given.(type) {
	case nil:
		return nil, nil //nolint:nilnil // nothing was given, and nothing is shown
	case string:
		if v == "" {
			return nil, nil //nolint:nilnil // as above
		}
		return s.say(text{key: v})
	case plain:
		return string(v), nil
	case Text:
		return s.say(v.text())
	case template.HTML:
		return v, nil
	}
	return nil, fmt.Errorf("words of a %T", given)
}

// pairs are the optional arguments of a part: names and values.
type pairs map[string]any

func newPairs(given []any) (pairs, error) {
	t, err := newText("pairs", given)
	return pairs(t.args), err
}

func (p pairs) text(name, otherwise string) string {
	switch v := p[name].(type) {
	case string:
		return v
	case plain:
		return string(v)
	case nil:
		return otherwise
	default:
		return fmt.Sprint(v)
	}
}

func (p pairs) flag(name string) bool {
	v, _ := p[name].(bool)
	return v
}

func (p pairs) number(name string, otherwise int) int {
	if v, ok := p[name].(int); ok {
		return v
	}
	return otherwise
}

// unknown finds a name that the part does not know: a slip in a template.
func (p pairs) unknown(known ...string) error {
	for name := range p {
		if !slices.Contains(known, name) {
			return fmt.Errorf("no option %s", name)
		}
	}
	return nil
}
