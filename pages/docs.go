package pages

// DocsPage is the description of the REST API for people. Its texts are in
// English whatever the reader's language; the words around them are not.
type DocsPage struct {
	Intro    []DocsText
	Document string // address of the OpenAPI document
	Groups   []DocsGroup
	Records  []DocsRecord
}

// DocsText is a paragraph.
type DocsText []DocsPart

// DocsPart is a piece of a text: words or code.
type DocsPart struct {
	Text string
	Code bool
}

// DocsGroup is calls that belong together.
type DocsGroup struct {
	ID, Name string // ID of the element
	Text     []DocsText
	Calls    []DocsCall
}

// DocsCall is one call.
type DocsCall struct {
	ID, Method, Path, Summary string
	Text                      []DocsText
	// NeedsToken says that nobody may do it without a token; one of Scopes
	// suffices, and without any every token.
	NeedsToken bool
	Scopes     []string
	Parameters []DocsMember
	Body       []DocsMember
	Answers    []DocsAnswer
	Example    string // a command
}

// DocsMember is a member of a body, or a parameter.
type DocsMember struct {
	Name, Type string
	Required   bool
	Text       DocsText
}

// DocsAnswer is what a call answers.
type DocsAnswer struct {
	Status string
	Text   DocsText
	Body   string // what it holds, "" for nothing
	Record string // ID of the DocsRecord that it holds, "" for none
}

// DocsRecord is an object that calls take or answer with.
type DocsRecord struct {
	ID, Name string
	Text     []DocsText
	Members  []DocsMember
}

func (p DocsPage) describe() description {
	return description{template: "docs", title: text{key: "docs.title"}, wide: true}
}
