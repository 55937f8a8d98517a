package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// traffic notes what a tab asks for, and everything that is wrong: requests to
// another origin, errors in the console, breaches of the policy.
type traffic struct {
	ours    string
	origins []string // may be gone to, as pages

	mu       sync.Mutex
	faults   []string
	answers  []answer
	requests int
	bytes    float64
}

// answer is one answer on the way to a document.
type answer struct {
	method, url string
	status      int64
	header      map[string]string // lower case
}

func (a answer) String() string { return fmt.Sprintf("%s %s → %d", a.method, a.url, a.status) }

func observe(b *tab, origins []string) *traffic {
	b.t.Helper()
	w := &traffic{ours: b.s.issuer, origins: origins}
	methods := map[network.RequestID]string{}
	if err := chromedp.Listen(b.ctx, func(ev any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.count(ev, methods)
		if fault := w.fault(ev); fault != "" {
			w.faults = append(w.faults, fault)
		}
	}); err != nil {
		b.t.Fatal(err)
	}
	command(b, network.Enable, network.EnableParams{})
	command(b, log.Enable, cdp.Empty{})
	command(b, runtime.Enable, cdp.Empty{})
	command(b, audits.Enable, cdp.Empty{})
	command(b, browserpage.Enable, browserpage.EnableParams{})
	return w
}

// count keeps the answers and the weight.
func (w *traffic) count(ev any, methods map[network.RequestID]string) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(ev.Request.URL, "data:") {
			return
		}
		w.requests++
		if r := ev.RedirectResponse; r != nil {
			w.bytes += r.EncodedDataLength
			w.note(methods[ev.RequestID], r)
		}
		methods[ev.RequestID] = ev.Request.Method
	case *network.EventResponseReceived:
		if ev.Type == network.ResourceTypeDocument {
			w.note(methods[ev.RequestID], ev.Response)
		}
	case *network.EventLoadingFinished:
		w.bytes += ev.EncodedDataLength
	}
}

func (w *traffic) note(method string, r *network.Response) {
	header := map[string]string{}
	for name, value := range r.Headers {
		header[strings.ToLower(name)] = fmt.Sprint(value)
	}
	w.answers = append(w.answers, answer{method: method, url: r.URL, status: r.Status, header: header})
}

// fault says what is wrong with an event, or "".
func (w *traffic) fault(ev any) string {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		url := ev.Request.URL
		// The browser draws its own controls with data: images; the policy stops the page's.
		if w.isOurs(url) || url == "about:blank" || strings.HasPrefix(url, "data:") {
			return ""
		}
		if ev.Type == network.ResourceTypeDocument && w.mayLeaveFor(url) || !w.isOurs(ev.DocumentURL) && ev.Type != network.ResourceTypeDocument {
			return ""
		}
		return "asks " + url
	case *network.EventResponseReceived:
		if s := ev.Response.Status; w.isOurs(ev.Response.URL) && (s >= 500 || s >= 400 && ev.Type != network.ResourceTypeDocument) {
			return fmt.Sprintf("%d from %s", s, ev.Response.URL)
		}
	case *log.EventEntryAdded:
		// A page that tells of an error has an error status, and Chromium logs that. It also
		// logs as news that somebody was faster than the automatic focus.
		if ev.Entry.Level != log.EntryLevelError && ev.Entry.Level != log.EntryLevelWarning || ev.Entry.Source == log.EntrySourceNetwork && strings.Contains(ev.Entry.Text, "responded with a status of 4") {
			return ""
		}
		return "log: " + ev.Entry.Text
	case *runtime.EventExceptionThrown:
		return "exception: " + ev.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		return "console: " + string(ev.Type)
	case *audits.EventIssueAdded:
		// Only says that a script left the page and not a person, as one does in some tests.
		if g := ev.Issue.Details.GenericIssueDetails; g != nil && g.ErrorType == audits.GenericIssueErrorTypeNavigationEntryMarkedSkippable {
			return ""
		}
		details, _ := json.Marshal(ev.Issue.Details)
		return fmt.Sprintf("issue: %s %s", ev.Issue.Code, details)
	}
	return ""
}

func (w *traffic) isOurs(url string) bool { return strings.HasPrefix(url, w.ours+"/") }

func (w *traffic) mayLeaveFor(url string) bool {
	return slices.ContainsFunc(w.origins, func(o string) bool { return strings.HasPrefix(url, o) })
}

// takeFaults returns what went wrong since it was last asked.
func (w *traffic) takeFaults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.faults
	w.faults = nil
	return seen
}

// clean reports what went wrong so far.
func (b *tab) clean(name string) {
	b.t.Helper()
	if b.scripts {
		ask[any](b, `new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))`)
	} else { // nor are there timers
		time.Sleep(40 * time.Millisecond)
	}
	for _, f := range b.traffic.takeFaults() {
		b.t.Errorf("%s: %s", name, f)
	}
}

// weigh returns the requests and bytes since it was last asked.
func (w *traffic) weigh() (requests int, bytes float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	requests, bytes = w.requests, w.bytes
	w.requests, w.bytes = 0, 0
	return requests, bytes
}

// find returns the latest answer that fits.
func (w *traffic) find(fits func(answer) bool) (answer, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range slices.Backward(w.answers) {
		if fits(a) {
			return a, true
		}
	}
	return answer{}, false
}

// page returns the latest answer for a path of ours.
func (w *traffic) page(path string) (answer, bool) {
	return w.find(func(a answer) bool {
		return a.url == w.ours+path || strings.HasPrefix(a.url, w.ours+path+"?")
	})
}

func (w *traffic) posts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, a := range w.answers {
		if a.method == "POST" {
			n++
		}
	}
	return n
}

func (w *traffic) last(n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, a := range w.answers[max(0, len(w.answers)-n):] {
		out = append(out, a.String())
	}
	return out
}

// edit sends an editing command such as the menu does: selectAll, copy, paste.
func (b *tab) edit(name string) {
	b.t.Helper()
	key := map[string]string{"selectAll": "a", "copy": "c", "paste": "v"}[name]
	const ctrl = 2
	command(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeRawKeyDown, Key: key, Modifiers: ctrl, Commands: []string{name},
	})
	command(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key, Modifiers: ctrl})
}
