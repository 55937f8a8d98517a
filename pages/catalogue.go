package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages
var messageFiles embed.FS

// languageInfo is one language that pages can be written in.
type languageInfo struct {
	tag, dir string
	name     string // in itself
}

// languages lists what there is, the default first; each has a file messages/TAG.json.
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

func readMessages(tag string) ([]*i18n.Message, error) {
	name := path.Join("messages", tag+".json")
	raw, err := fs.ReadFile(messageFiles, name)
	if err != nil {
		return nil, err
	}
	file, err := i18n.ParseMessageFileBytes(raw, path.Base(name), map[string]i18n.UnmarshalFunc{"json": json.Unmarshal})
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
}

func (c *catalogues) speaker(l languageInfo) *speaker {
	return &speaker{languageInfo: l, localizer: i18n.NewLocalizer(c.bundle, l.tag)}
}

// say returns a message as plain text.
func (s *speaker) say(t text) (string, error) {
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
	if t.count > 0 {
		data["Count"] = t.count
		config.PluralCount = t.count
	}
	said, err := s.localizer.Localize(config)
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
	said, err := s.say(text{key: t.key, args: escaped, count: t.count})
	return template.HTML(said), err //nolint:gosec // every part is escaped or without HTML, see above
}
