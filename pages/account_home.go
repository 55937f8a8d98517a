package pages

import "time"

// AccountPage is the overview of the own account: what needs attention first,
// then how safe it is, then who it belongs to.
type AccountPage struct {
	Name     string // may be empty
	Username string
	Email    string // may be empty
	Roles    []string

	SignedInAt  time.Time // of this session; zero leaves it out
	LastSignIn  time.Time // of any; zero leaves it out
	PasswordSet time.Time // last change; zero when not known
	Sessions    int       // live, this one included
	// Failed counts the sign-ins to the account that were refused in the last 7 days.
	// AuditFailed says that it could not be found out.
	Failed      int
	AuditFailed bool

	ExpiresAt time.Time // the account stops working then; zero for never
	DeleteAt  time.Time // the person asked for deletion, which happens then; zero for no
	DemoTo    string    // address of the demo relying party, "" when it is off
}

func (p AccountPage) describe() description {
	return description{template: "account_home", title: text{key: "home.title"}}
}

// NoEmail reports whether the account lacks an address.
func (p AccountPage) NoEmail() bool { return p.Email == "" }

// What the account pages tell once after something was done: keys of toasts.
const (
	ToastProfileSaved     = "account.toast.profile"
	ToastThemeSaved       = "account.toast.theme"
	ToastPasswordChanged  = "account.toast.password"        // elsewhere nothing ended
	ToastPasswordAndEnded = "account.toast.password_others" // the other devices and apps ended
	ToastSessionEnded     = "account.toast.session"
	ToastSessionsEnded    = "account.toast.sessions"
	ToastNoSessions       = "account.toast.no_sessions"
	ToastAppRemoved       = "account.toast.app" // App
	ToastDeletion         = "account.toast.deletion"
	ToastKept             = "account.toast.kept"
	ToastWelcome          = "account.toast.welcome"
)
