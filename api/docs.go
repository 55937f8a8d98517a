package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/pages"
	"gatehouse/web"
)

// serveDocs answers with the description as a page.
func (a *API) serveDocs(page pages.DocsPage) web.Handler {
	return func(c *gin.Context) error { return a.Show(c, http.StatusOK, page) }
}

// docsPage puts the description into the order of the routes.
func docsPage(d *document, server string) pages.DocsPage {
	p := pages.DocsPage{Intro: paragraphs(d.Info.Description), Document: routeOpenAPI}
	for _, tag := range d.Tags {
		g := pages.DocsGroup{ID: anchor(tag.Name), Name: tag.Name, Text: paragraphs(tag.Description)}
		for _, r := range routes() {
			if op := d.operation(r); op != nil && slices.Contains(op.Tags, tag.Name) {
				g.Calls = append(g.Calls, d.docsCall(r, op, server))
			}
		}
		p.Groups = append(p.Groups, g)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		if s := d.Components.Schemas[name]; len(s.Properties) > 0 {
			p.Records = append(p.Records, pages.DocsRecord{
				ID: anchor("record " + name), Name: name, Text: paragraphs(s.Description), Members: d.members(s),
			})
		}
	}
	return p
}

func (d *document) docsCall(r route, op *operation, server string) pages.DocsCall {
	call := pages.DocsCall{
		ID: r.ID, Method: r.Method, Path: base + r.Path, Summary: op.Summary, Text: paragraphs(op.Description),
		NeedsToken: len(op.Security) > 0, Example: example(r, op, server),
	}
	for _, one := range op.Security {
		call.Scopes = append(call.Scopes, one["bearer"]...)
	}
	for _, p := range op.Parameters {
		call.Parameters = append(call.Parameters, pages.DocsMember{
			Name: p.Name, Type: d.words(p.Schema), Required: p.Required, Text: parts(p.Description),
		})
	}
	if op.RequestBody != nil {
		body := op.RequestBody.Content["application/json"].Schema
		call.Body = d.members(d.resolve(body))
		for _, s := range body.OneOf {
			for _, m := range d.members(d.resolve(s)) {
				m.Required = false // it is so only where its own alternative is chosen
				call.Body = append(call.Body, m)
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		call.Answers = append(call.Answers, d.docsAnswer(status, op.Responses[status]))
	}
	return call
}

func (d *document) docsAnswer(status string, r response) pages.DocsAnswer {
	if r.Ref != "" {
		r = d.Components.Responses[lastPart(r.Ref)]
	}
	out := pages.DocsAnswer{Status: status, Text: parts(r.Description)}
	if status == "default" {
		out.Status = "4xx, 5xx"
	}
	for _, m := range r.Content {
		out.Body = d.words(m.Schema)
		s := m.Schema
		if s != nil && s.Items != nil {
			s = s.Items
		}
		if s != nil && s.Ref != "" {
			out.Record = anchor("record " + lastPart(s.Ref))
		}
	}
	return out
}

// members are the members of an object, the required ones first.
func (d *document) members(s *schema) []pages.DocsMember {
	if s == nil {
		return nil
	}
	var out []pages.DocsMember
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		m := s.Properties[name]
		text := m.Description
		if r := d.resolve(m); text == "" && r != nil && len(r.Properties) == 0 {
			text = r.Description
		}
		out = append(out, pages.DocsMember{
			Name: name, Type: d.words(m), Required: slices.Contains(s.Required, name), Text: parts(text),
		})
	}
	slices.SortStableFunc(out, func(a, b pages.DocsMember) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return out
}

// example is the call as a command.
func example(r route, op *operation, server string) string {
	var b strings.Builder
	b.WriteString("curl")
	var body any
	if op.RequestBody != nil {
		body = op.RequestBody.Content["application/json"].Example
	}
	if r.Method != http.MethodGet && (r.Method != http.MethodPost || body == nil) { // with a body, curl sends POST
		b.WriteString(" -X " + r.Method)
	}
	b.WriteString(" " + server + base + r.Path)
	switch r.Access {
	case granted:
		b.WriteString(` -H "Authorization: Bearer $TOKEN"`)
	case subject:
		b.WriteString(` -H "X-Subject-Token: $TOKEN"`)
	case open:
	}
	if body != nil {
		if r.Method == http.MethodPatch {
			b.Reset()
			b.WriteString("curl -X PATCH " + server + base + r.Path + ` -H "Authorization: Bearer $TOKEN"`)
		}
		text, _ := json.Marshal(body) // was JSON before
		b.WriteString(" \\\n  -H 'Content-Type: application/json' -d '" + string(text) + "'")
	}
	return b.String()
}

// paragraphs splits a text of the description at its empty lines.
func paragraphs(text string) []pages.DocsText {
	var out []pages.DocsText
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			out = append(out, parts(p))
		}
	}
	return out
}

// parts tells code, which stands between backticks, from the rest.
func parts(text string) pages.DocsText {
	var out pages.DocsText
	code := false
	for p := range strings.SplitSeq(strings.Join(strings.Fields(text), " "), "`") {
		out = append(out, pages.DocsPart{Text: p, Code: code})
		code = !code
	}
	return slices.DeleteFunc(out, func(p pages.DocsPart) bool { return p.Text == "" })
}

// anchor is a name as the id of an element.
func anchor(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }
