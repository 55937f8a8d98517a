package pages

import (
	"net/url"

	"gatehouse/idp"
)

type Area string

const (
	AreaAdmin   Area = "admin"
	AreaAccount Area = "account"
)

type (
	Shell struct {
		Area                 Area
		Path, Name, Username string
		May                  idp.Permissions
		CSRF, SignOutCSRF    string
		Toast                *Toast
		Zone, Back           string
	}
	Toast struct {
		Key  string
		Args map[string]string
		Tone string
		Undo *Undo
	}
	Undo struct {
		Action string
		Fields []Field
	}
	FormNotice string
)

const (
	NoticeStaleForm   FormNotice = "stale_form"
	NoticeSessionBack FormNotice = "session_back"
	NoticeChanged     FormNotice = "changed"
)

type Form struct {
	ID, Action, Version string
	Values              url.Values
	Faults              []idp.Fault
	Notice              FormNotice
}

const ErrorForbidden ErrorKind = "forbidden"
