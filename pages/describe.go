package pages

func (p LoginPage) describe() description {
	title := text{key: "login.title"}
	if p.Reauth {
		title.key = "login.reauth_title"
	}
	return description{template: "login", title: title, failed: p.Notice.failed(), offOrigin: p.OffOrigin}
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

// errorText returns the part ("title", "text", "todo") of a kind's words.
func errorText(p ErrorPage, part string) text {
	kind := p.Kind
	if !knownKind(kind) {
		kind = ErrorServer
	}
	t := text{key: "error." + string(kind) + "." + part, args: args{}}
	t.args["App"] = text{key: "app.unnamed"}
	if p.App != nil && p.App.Name != "" {
		t.args["App"] = p.App.Name
	}
	return t
}

func (p LogoutPage) describe() description {
	return description{template: "logout", title: text{key: "logout.title"}}
}

func (p SignedOutPage) describe() description {
	return description{template: "signed_out", title: text{key: "signed_out.title"}}
}

func (p HomePage) describe() description {
	return description{template: "home", title: text{key: "home.title"}}
}

func (p DemoPage) describe() description {
	return description{template: "demo", title: text{key: "demo.title"}}
}
