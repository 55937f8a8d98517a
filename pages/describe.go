package pages

func (p LoginPage) describe() description {
	title := text{key: "login.title"}
	if p.Reauth {
		title.key = "login.reauth_title"
	}
	return description{template: "login", title: title, failed: p.Notice.Failed(), offOrigin: p.OffOrigin}
}

func (p SelectPage) describe() description {
	return description{template: "select", title: text{key: "select.title"}, offOrigin: p.OffOrigin}
}

func (p ConsentPage) describe() description {
	return description{template: "consent", title: consentTitle(p), offOrigin: p.OffOrigin}
}

func consentTitle(p ConsentPage) text {
	if p.OnlyNew {
		return text{key: "consent.title_more", args: args{"App": p.App.Name}}
	}
	return text{key: "consent.title", args: args{"App": p.App.Name}}
}

func (p ContinuePage) describe() description {
	title := text{key: "continue.title", args: args{"App": p.App.Name}}
	return description{template: "continue", title: title, refresh: p.Location, oneShot: true}
}

func (p ContinuedPage) describe() description {
	return description{template: "continued", title: text{key: "continued.title", args: args{"App": p.App.Name}}}
}

func (p FormPostPage) describe() description {
	title := text{key: "continue.title", args: args{"App": p.App.Name}}
	return description{template: "form_post", title: title, offOrigin: true, oneShot: true}
}

func (p ErrorPage) describe() description {
	return description{template: "error", title: errorText(p, "title")}
}

func (p LogoutPage) describe() description {
	return description{template: "logout", title: text{key: "logout.title"}}
}

func (p SignedOutPage) describe() description {
	return description{template: "signed_out", title: text{key: "signed_out.title"}}
}

func (p DemoPage) describe() description {
	return description{template: "demo", title: text{key: "demo.title"}, wide: p.SignedIn} // tokens are long
}

// Asked are the scopes that are the question.
func (p ConsentPage) Asked() []ScopeLine { return p.scopes(true) }

// Known are the scopes that were allowed before, where only new ones are asked for.
func (p ConsentPage) Known() []ScopeLine { return p.scopes(false) }

func (p ConsentPage) scopes(asked bool) []ScopeLine {
	var out []ScopeLine
	for _, s := range p.Scopes {
		if asked == (s.New || !p.OnlyNew) {
			out = append(out, s)
		}
	}
	return out
}

// UsernameProblem reports whether the notice is about the field username.
func (p LoginPage) UsernameProblem() bool {
	return p.fieldProblem() && !p.Reauth && p.Login == ""
}

// PasswordProblem reports whether the notice is about the field password. A
// pair that does not match is marked there: the password has to be typed again anyway.
func (p LoginPage) PasswordProblem() bool { return p.fieldProblem() }

func (p LoginPage) fieldProblem() bool {
	return p.Notice == NoticeWrongPair || p.Notice == NoticeMissing
}
