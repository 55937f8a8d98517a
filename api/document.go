package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// document is what /docs shows of the description.
type document struct {
	Info struct{ Title, Description string }
	Tags []struct{ Name, Description string }
	// Paths has the items by their paths.
	Paths      map[string]pathItem
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
		Schemas    map[string]*schema
	}
}

type pathItem struct {
	Parameters               []parameter
	Get, Post, Patch, Delete *operation
}

type operation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Security                          []map[string][]string
	Parameters                        []parameter
	RequestBody                       *struct {
		Required bool
		Content  map[string]media
	}
	Responses map[string]response
}

type parameter struct {
	Ref         string `json:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      *schema
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]media
}

type media struct {
	Schema  *schema
	Example json.RawMessage
}

// schema is the part of JSON Schema that openapi.yaml uses.
type schema struct {
	Ref         string `json:"$ref"`
	Type        types
	Format      string
	Description string
	Enum        []any
	Required    []string
	Properties  map[string]*schema
	Items       *schema
	OneOf       []*schema
}

// types is the keyword type: one name or several.
type types []string

func (t *types) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

func parseDocument(text []byte) (*document, error) {
	d := &document{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("read the description of the API: %w", err)
	}
	return d, nil
}

// operation returns what the description says of a route, with the parameters
// of its path; nil when there is nothing.
func (d *document) operation(r route) *operation {
	item := d.Paths[r.Path]
	op := map[string]*operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[r.Method]
	if op == nil {
		return nil
	}
	full := *op
	full.Parameters = nil
	for _, list := range [][]parameter{item.Parameters, op.Parameters} {
		for _, p := range list {
			if p.Ref != "" {
				p = d.Components.Parameters[lastPart(p.Ref)]
			}
			full.Parameters = append(full.Parameters, p)
		}
	}
	return &full
}

// lastPart is the name at the end of a reference, "" for none.
func lastPart(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// resolve follows a reference.
func (d *document) resolve(s *schema) *schema {
	if s == nil || s.Ref == "" {
		return s
	}
	return d.Components.Schemas[lastPart(s.Ref)]
}

// words say what a value is.
func (d *document) words(s *schema) string {
	if s == nil {
		return ""
	}
	if name := lastPart(s.Ref); name != "" {
		if r := d.resolve(s); r != nil && len(r.Properties) == 0 {
			return d.words(r)
		}
		return name
	}
	if len(s.Enum) > 0 {
		return enumWords(s.Enum)
	}
	words := ""
	for _, t := range s.Type {
		switch t {
		case "null":
			continue
		case "array":
			words = "list of " + d.words(s.Items)
		case "boolean":
			words = "true or false"
		case "integer":
			words = "number"
		case "string":
			words = "text"
			if s.Format == "date-time" {
				words = "time"
			}
		default:
			words = t
		}
	}
	return words
}

func enumWords(values []any) string {
	var words []string
	for _, v := range values {
		switch v := v.(type) {
		case string:
			if v == "" {
				v = "empty"
			}
			words = append(words, v)
		case nil: // said by "null takes a value away"
		default:
			words = append(words, fmt.Sprint(v))
		}
	}
	return strings.Join(words, ", ")
}
