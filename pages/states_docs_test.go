package pages_test

import "gatehouse/pages"

func docsStates() []state {
	say := func(text string) []pages.DocsText {
		return []pages.DocsText{{{Text: text}, {Text: "me", Code: true}, {Text: "."}}}
	}
	members := []pages.DocsMember{
		{Name: "username", Type: "text", Required: true},
		{Name: "expires_at", Type: "time", Text: pages.DocsText{{Text: "The account stops working then."}}},
	}
	page := pages.DocsPage{
		Intro: say("Send an access token with every call, for "), Document: "/openapi.json",
		Groups: []pages.DocsGroup{{ID: "people", Name: "People", Text: say("The id is that of a user, or "), Calls: []pages.DocsCall{
			{
				ID: "updateUser", Method: "PATCH", Path: "/api/v1/users/{id}", Summary: "Change a person, or the password", Text: say("It may be "),
				NeedsToken: true, Scopes: []string{"gatehouse:account", "gatehouse:users", "gatehouse:admin"},
				Example:    "curl -X PATCH https://id.example.com/api/v1/users/{id} -H \"Authorization: Bearer $TOKEN\" \\\n  -d '{\"name\":\"Ada King\"}'",
				Parameters: []pages.DocsMember{{Name: "If-Match", Type: "text", Text: pages.DocsText{{Text: "Do it only if nobody was faster."}}}}, Body: members,
				Answers: []pages.DocsAnswer{
					{Status: "200", Text: pages.DocsText{{Text: "The person."}}, Body: "User", Record: "record-user"},
					{Status: "4xx, 5xx", Text: pages.DocsText{{Text: "Why it was not done."}}, Body: "object"},
				},
			},
			{ID: "logout", Method: "DELETE", Path: "/api/v1/accounts/logout", Summary: "End all", NeedsToken: true, Example: "curl", Answers: []pages.DocsAnswer{{Status: "204"}}},
			{ID: "login", Method: "POST", Path: "/api/v1/accounts/login", Summary: "Sign in", Example: "curl", Answers: []pages.DocsAnswer{{Status: "200"}}},
		}}},
		Records: []pages.DocsRecord{{ID: "record-user", Name: "User", Text: say("A person, or "), Members: members}},
	}
	return []state{{name: "docs", page: page}, {name: "docs-open", page: page, open: true}}
}
