package pages

import "time"

// DataPage is what a person can do with all that is kept of them.
type DataPage struct {
	DeleteAt time.Time // deletion was asked for and happens then; zero for no
	WaitDays int       // between asking and deletion
	// LastAdmin says that nobody else administers, so the account has to stay.
	LastAdmin bool
}

func (p DataPage) describe() description {
	return description{template: "account_data", title: text{key: "nav.data"}}
}

// DeleteAccountPage asks before the account is deleted. It posts match, the username.
type DeleteAccountPage struct {
	Form           Form
	Username       string
	DeleteAt       time.Time // when it would happen
	WaitDays       int
	Apps, Sessions int // what ends
}

func (p DeleteAccountPage) describe() description {
	return description{template: "account_delete", title: text{key: "account.delete_title"}, failed: p.Form.Failed()}
}
