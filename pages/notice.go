package pages

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Notice is what LoginPage says above its form. It is a short string that may
// be kept in an interaction and given back; an unknown one counts as none.
type Notice string

// The notices of LoginPage. See Throttled for one more.
const (
	NoticeWrongPair    Notice = "wrong_pair"    // unknown, wrong, disabled: the same words
	NoticeMissing      Notice = "missing"       // username or password was left empty
	NoticeStale        Notice = "stale"         // the form's CSRF token was too old
	NoticeExpired      Notice = "expired"       // an earlier sign-in took too long; this is a new one
	NoticeCookies      Notice = "cookies"       // the browser did not send our cookie back
	NoticeSessionEnded Notice = "session_ended" // a session ended while it was in use
)

const throttledPrefix = "throttled:"

// Throttled returns the notice that there were too many tries, with the time
// to wait rounded up to minutes.
func Throttled(wait time.Duration) Notice {
	minutes := max(1, (wait+time.Minute-1)/time.Minute)
	return Notice(throttledPrefix + strconv.Itoa(int(minutes)))
}

// Minutes returns how long a throttled person waits, 0 for any other notice.
func (n Notice) Minutes() int {
	rest, ok := strings.CutPrefix(string(n), throttledPrefix)
	if !ok {
		return 0
	}
	m, err := strconv.Atoi(rest)
	if err != nil || m < 1 {
		return 0
	}
	return m
}

// failures are the notices that follow a form that was sent and refused.
func failures() []Notice {
	return []Notice{NoticeWrongPair, NoticeMissing, NoticeStale, NoticeCookies}
}

// Failed reports whether the notice follows a form that was sent and refused.
func (n Notice) Failed() bool { return n.Minutes() > 0 || slices.Contains(failures(), n) }

// Informs reports whether the notice is news rather than a refusal.
func (n Notice) Informs() bool { return n == NoticeExpired || n == NoticeSessionEnded }
