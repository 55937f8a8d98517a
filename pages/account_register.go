package pages

// RegisterPage lets a stranger make an account. It posts csrf, back, form_id,
// name, email, username and new_password to Form.Action.
type RegisterPage struct {
	Form      Form
	CSRF      string
	Back      string // this page's own address
	MinLength int
	LoginTo   string // address of the sign-in page
}

func (p RegisterPage) describe() description {
	return description{template: "register", title: text{key: "register.title"}, failed: p.Form.Failed(), parts: true}
}
