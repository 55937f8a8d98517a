package pages

import (
	"gatehouse/idp"
	"gatehouse/static"
)

// SettingsPage shows and changes the settings, one form for each section. Each
// posts to /admin/settings/{section}, the logo as a file to /admin/settings/logo.
type SettingsPage struct {
	Lifetimes, Passwords, Signup, Branding, Logo, Audit Form
	// Fixed says for a setting (its JSON name) what sets it, so that it cannot be changed here.
	Fixed map[string]string
	Saved idp.Settings // what is in force
	// Accent is the check of the accent that is in force, or of the one being tried; nil for ours.
	Accent *AccentCheck
}

// AccentCheck is how well an accent can be read.
type AccentCheck struct {
	Colour string
	Pairs  []static.AccentPair
	OK     bool
}

// Checked reports whether the accent was just tried, and not saved.
func (p SettingsPage) Checked() bool { return p.Branding.Values.Get("check") != "" }

func (p SettingsPage) describe() description {
	failed := false
	for _, f := range []Form{p.Lifetimes, p.Passwords, p.Signup, p.Branding, p.Logo, p.Audit} {
		failed = failed || f.Failed()
	}
	return description{template: "settings", title: text{key: "nav.settings"}, failed: failed}
}

// fixedSetting is why a setting cannot be changed: the environment has it, or
// the person may only look. Nil when it can be changed.
func fixedSetting(v view, field string) any {
	p, ok := v.P.(SettingsPage)
	if !ok {
		return nil
	}
	if by := p.Fixed[field]; by != "" {
		return Text{Key: "settings.fixed", Args: map[string]string{"By": by}}
	}
	if v.Shell == nil || !v.Shell.May.Admin {
		return Text{Key: "settings.look"}
	}
	return nil
}
