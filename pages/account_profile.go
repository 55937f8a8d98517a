package pages

// ProfilePage is what a person may change of their own record. Form posts the
// claims by their names in tokens; Theme posts theme.
type ProfilePage struct {
	Form  Form
	Theme Form

	Username, Email string // shown, and changed by an administrator alone
	EmailVerified   bool
	Zones, Locales  []Option
}

func (p ProfilePage) describe() description {
	return description{template: "account_profile", title: text{key: "nav.profile"}, failed: p.Form.Failed()}
}

// PasswordPage changes the own password. It posts current_password,
// new_password and end_others ("1" when checked).
type PasswordPage struct {
	Form      Form
	Username  string // for password managers
	MinLength int
}

func (p PasswordPage) describe() description {
	return description{template: "account_password", title: text{key: "account.password_title"}, failed: p.Form.Failed()}
}
