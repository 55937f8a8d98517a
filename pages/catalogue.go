package pages

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed messages
var messageFiles embed.FS

// languageInfo is one language that pages can be written in.
type languageInfo struct {
	tag, dir string
	name     string // in itself
}

// languages lists what there is, the default first; each has a folder messages/TAG.
func languages() []languageInfo {
	return []languageInfo{
		{tag: "en", dir: "ltr", name: "English"},
		{tag: "de", dir: "ltr", name: "Deutsch"},
		{tag: "ar", dir: "rtl", name: "العربية"},
	}
}

const pseudoTag = "en-XA"

// catalogues are the messages of every language.
type catalogues struct{ bundle *i18n.Bundle }

func loadCatalogues(pseudo bool) (*catalogues, error) {
	bundle := i18n.NewBundle(language.English)
	for _, l := range languages() {
		messages, err := readMessages(l.tag)
		if err != nil {
			return nil, err
		}
		tag := language.MustParse(l.tag)
		if err := bundle.AddMessages(tag, messages...); err != nil {
			return nil, fmt.Errorf("messages of %s: %w", l.tag, err)
		}
		if pseudo && l.tag == "en" {
			if err := bundle.AddMessages(language.MustParse(pseudoTag), pseudoMessages(messages)...); err != nil {
				return nil, fmt.Errorf("messages of %s: %w", pseudoTag, err)
			}
		}
	}
	return &catalogues{bundle: bundle}, nil
}

// readMessages reads every file of a language's folder: together they are one catalogue.
func readMessages(tag string) ([]*i18n.Message, error) {
	names, err := fs.Glob(messageFiles, path.Join("messages", tag, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no messages for %s", tag)
	}
	var all []*i18n.Message
	home := map[string]string{}
	for _, name := range names {
		messages, err := readArea(name)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if other, twice := home[m.ID]; twice {
				return nil, fmt.Errorf("%s and %s both hold %s", other, name, m.ID)
			}
			home[m.ID] = name
		}
		all = append(all, messages...)
	}
	return all, nil
}

// readArea reads one file: the messages of one part of the product.
func readArea(name string) ([]*i18n.Message, error) {
	raw, err := fs.ReadFile(messageFiles, name)
	if err != nil {
		return nil, err
	}
	file, err := i18n.ParseMessageFileBytes(raw, "en.json", map[string]i18n.UnmarshalFunc{"json": json.Unmarshal})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, m := range file.Messages {
		for _, form := range pluralForms(m) {
			// speaker.rich takes a message for HTML as it stands.
			if strings.ContainsAny(form, "<>&\"") {
				return nil, fmt.Errorf("%s: %s holds a character of HTML; use typographic ones", name, m.ID)
			}
		}
	}
	return file.Messages, nil
}

func pluralForms(m *i18n.Message) []string {
	return []string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other}
}

// speaker says messages in one language.
type speaker struct {
	languageInfo
	localizer *i18n.Localizer
	numbers   *message.Printer
	said      sync.Map // key → string, of messages without arguments: a list says the same on every row
}

func (c *catalogues) speaker(l languageInfo) *speaker {
	// Digits are the same in every language: they stand beside addresses, times and identifiers.
	numbers := message.NewPrinter(language.MustParse(l.tag + "-u-nu-latn"))
	return &speaker{languageInfo: l, localizer: i18n.NewLocalizer(c.bundle, l.tag), numbers: numbers}
}

// say returns a message as plain text; in English where the language lacks it.
func (s *speaker) say(t text) (string, error) {
	fixed := len(t.args) == 0 && !t.counted
	if said, ok := s.said.Load(t.key); fixed && ok {
		return said.(string), nil
	}
	said, err := s.localize(t)
	if fixed && err == nil {
		s.said.Store(t.key, said)
	}
	return said, err
}

func (s *speaker) localize(t text) (string, error) {
	data := map[string]any{}
	for name, value := range t.args {
		if inner, ok := value.(text); ok {
			said, err := s.say(inner)
			if err != nil {
				return "", err
			}
			value = said
		}
		data[name] = value
	}
	config := &i18n.LocalizeConfig{MessageID: t.key, TemplateData: data}
	if t.counted {
		data["Count"] = s.number(int64(t.count))
		config.PluralCount = t.count
	}
	said, err := s.localizer.Localize(config)
	if missing := (*i18n.MessageNotFoundErr)(nil); errors.As(err, &missing) && said != "" {
		return said, nil // English: this area is not translated yet
	}
	if err != nil {
		return "", fmt.Errorf("message %s: %w", t.key, err)
	}
	return said, nil
}

// rich returns a message as HTML. The message is free of HTML by loadCatalogues;
// its arguments are escaped here unless they are HTML that a template function made.
func (s *speaker) rich(t text) (template.HTML, error) {
	escaped := maps.Clone(t.args)
	for name, value := range escaped {
		if plain, ok := value.(string); ok {
			escaped[name] = template.HTMLEscapeString(plain)
		}
	}
	t.args = escaped
	said, err := s.say(t)
	return template.HTML(said), err //nolint:gosec // every part is escaped or without HTML, see above
}

// number writes a number the way of the language.
func (s *speaker) number(n int64) string { return s.numbers.Sprintf("%d", n) }
