package pages

import "gatehouse/idp"

// AdminSessionRow is a browser in which somebody is signed in.
type AdminSessionRow struct {
	*idp.Session
	User *idp.User // nil where the page is about one person, or the person is gone
	Apps []string  // names of the applications that were signed in to from it
	// Own says that the reader is reading this with it.
	Own bool
	End bool // the reader may end it
}

// Key names the session in forms.
func (r AdminSessionRow) Key() string { return r.UserID + "." + r.ID }

// EndTo is the address that ends it.
func (r AdminSessionRow) EndTo() string {
	return "/admin/users/" + r.UserID + "/sessions/" + r.ID + "/end"
}

// UserTo is the address of the person's sessions.
func (r AdminSessionRow) UserTo() string { return "/admin/users/" + r.UserID + "/sessions" }

// Called is who it is.
func (r AdminSessionRow) Called() string {
	if r.User == nil {
		return r.UserID
	}
	return r.User.DisplayName()
}

// AdminSessionsPage lists all browser sessions.
type AdminSessionsPage struct {
	List     ListView
	Sessions []AdminSessionRow
	Manage   bool
}

// Acts are what can be done with many at once.
func (p AdminSessionsPage) Acts() []Option {
	return []Option{{Value: "end", Key: "people.sessions.end"}}
}

// AdminSessionsReviewPage asks before many sessions end.
type AdminSessionsReviewPage struct {
	Review  Review
	Skipped []Text // who is left out, and why
	None    bool   // none of the chosen can be ended
	Back    string
}

func (p AdminSessionsPage) describe() description {
	return description{template: "admin_sessions", title: text{key: "people.sessions.title"}}
}

func (p AdminSessionsReviewPage) describe() description {
	return description{
		template: "admin_sessions_review", title: text{key: "people.sessions.review_title"},
		failed: p.Review.Form.Failed(),
	}
}
