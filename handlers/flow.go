package handlers

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/web"
)

const (
	// flowTTL is how long a sign-in may take.
	flowTTL = 10 * time.Minute
	// flowRoom is what the sign-ins that one network has begun within flowTTL may
	// take of our store: tens of thousands of usual ones, in bytes.
	flowRoom = 32 << 20
	// flowRecord is what a sign-in takes beside the request.
	flowRecord = 512
)

// flow is a sign-in in progress, with what its pages need.
type flow struct {
	in  *idp.Interaction
	req *oauth.AuthorizeRequest // nil for a sign-in without a client
	app *pages.App              // nil likewise
}

// at is the address of a page of the flow.
func (f *flow) at(page string) string { return page + "?flow=" + url.QueryEscape(f.in.ID) }

// switchAt is where to sign in as somebody else.
func (f *flow) switchAt() string { return f.at(routeLogin) + "&switch=1" }

// offOrigin reports whether the flow ends at an app on the device: its pages
// leave form-action off, since the last redirect of the form leads there.
func (f *flow) offOrigin() bool { return f.req != nil && !isWebAddress(f.req.RedirectURI) }

func (f *flow) uiLocales() string {
	if f.req == nil {
		return ""
	}
	return f.req.UILocales
}

// progress is what the provider needs to say what is due.
func (f *flow) progress(who web.SignedIn) oauth.Progress {
	return oauth.Progress{
		Session: who.Session,
		User:    who.User,
		// It counts only for a session that is no older than it.
		Reauthenticated: f.in.Reauthenticated != 0 && who.Is() && who.Session.AuthTime.Unix() >= f.in.Reauthenticated,
		AccountChosen:   f.in.AccountChosen,
		Consented:       f.in.State == idp.InteractionApproved,
	}
}

// newFlow begins a sign-in, with in holding what is known already. The browser is "" for a request that came from
// another site without its cookies: the first page that it opens claims it.
func (s *site) newFlow(c *gin.Context, b web.BrowserID, req *oauth.AuthorizeRequest, in *idp.Interaction) (*flow, error) {
	id := make([]byte, 24)
	_, _ = rand.Read(id) // never fails
	in.ID, in.State = base64.RawURLEncoding.EncodeToString(id), idp.InteractionOpen
	in.CreatedAt = s.Now().UTC().Truncate(time.Microsecond) // what every store keeps
	in.ExpiresAt = in.CreatedAt.Add(flowTTL)
	if b != "" {
		in.Browser = b.Digest()
	}
	if req != nil {
		var err error
		if in.Request, err = req.Marshal(); err != nil {
			return nil, fmt.Errorf("encode authorization request: %w", err)
		}
	}
	room := flowRecord + len(in.Request) + len(in.Next) + len(in.Login)
	if !s.flows.Of(web.Network(web.RecordOf(c).IP)).AllowN(s.Now(), room) {
		return nil, web.RefusePage(http.StatusTooManyRequests, pages.ErrorUnavailable)
	}
	if err := s.Interactions.CreateInteraction(c.Request.Context(), in); err != nil {
		return nil, fmt.Errorf("create interaction: %w", err)
	}
	return &flow{in: in, req: req}, nil
}

// openFlow loads the flow with the id for the browser that it belongs to.
func (s *site) openFlow(c *gin.Context, id string) (*flow, error) {
	if raw, err := base64.RawURLEncoding.DecodeString(id); err != nil || len(raw) != 24 {
		return nil, errExpired()
	}
	ctx := c.Request.Context()
	in, err := s.Interactions.Interaction(ctx, id)
	if errors.Is(err, idp.ErrNotFound) {
		return nil, errExpired()
	}
	if err != nil {
		return nil, fmt.Errorf("load interaction: %w", err)
	}
	if in.Browser != "" && in.Browser != s.Browser(c).Digest() {
		return nil, web.RefusePage(http.StatusBadRequest, pages.ErrorCookies)
	}
	f := &flow{in: in}
	if len(in.Request) == 0 {
		return f, nil
	}
	if f.req, err = oauth.UnmarshalAuthorizeRequest(in.Request); err != nil {
		return nil, fmt.Errorf("decode authorization request: %w", err)
	}
	web.RecordOf(c).Client = f.req.ClientID
	f.app, err = s.appOf(ctx, f.req)
	return f, err
}

func errExpired() error { return web.RefusePage(http.StatusBadRequest, pages.ErrorExpired) }

// appOf describes the application that a request goes back to.
func (s *site) appOf(ctx context.Context, req *oauth.AuthorizeRequest) (*pages.App, error) {
	client, err := s.Clients.Client(ctx, req.ClientID)
	if errors.Is(err, idp.ErrNotFound) {
		return nil, web.RefusePage(http.StatusBadRequest, pages.ErrorBadClient)
	}
	if err != nil {
		return nil, fmt.Errorf("load client: %w", err)
	}
	app := &pages.App{
		Name: client.Name, Host: hostOf(req.RedirectURI),
		URI: client.ClientURI, PolicyURI: client.PolicyURI, TosURI: client.TosURI,
	}
	if app.Name == "" {
		app.Name = client.ID
	}
	if client.Disabled {
		return nil, &web.PageError{Status: http.StatusBadRequest, Page: pages.ErrorPage{Kind: pages.ErrorAppDisabled, App: app}}
	}
	return app, nil
}

// hostOf names the place that an answer goes to: the host, or the scheme of an app on the device.
func hostOf(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return ""
	}
	if u.Host != "" && isWebAddress(redirectURI) {
		return u.Host
	}
	return u.Scheme
}

func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http")
}

// maxChanges is how often a change is tried again when another request was faster.
const maxChanges = 5

// change applies fn to the flow and stores it. When another request changed
// the flow meanwhile it is read again and fn decides anew; fn returns false
// when there is nothing to change any more.
func (s *site) change(ctx context.Context, f *flow, fn func(*idp.Interaction) bool) (changed bool, err error) {
	for range maxChanges {
		next := *f.in
		if !fn(&next) {
			return false, nil
		}
		switch err = s.Interactions.UpdateInteraction(ctx, &next); {
		case err == nil:
			f.in = &next
			return true, nil
		case errors.Is(err, idp.ErrNotFound):
			return false, errExpired()
		case !errors.Is(err, idp.ErrStale):
			return false, fmt.Errorf("update interaction: %w", err)
		}
		if f.in, err = s.Interactions.Interaction(ctx, f.in.ID); errors.Is(err, idp.ErrNotFound) {
			return false, errExpired()
		}
		if err != nil {
			return false, fmt.Errorf("reload interaction: %w", err)
		}
	}
	return false, fmt.Errorf("change interaction: %w", idp.ErrStale)
}

// place asks what is due and returns the address of the page for it. When
// nothing is left to ask, the flow is approved here.
func (s *site) place(c *gin.Context, f *flow) (string, error) {
	who, err := s.Who(c)
	if err != nil {
		return "", err
	}
	if f.req == nil {
		return localPlace(f, who), nil
	}
	if f.in.State != idp.InteractionOpen {
		return f.at(routeContinue), nil
	}
	ctx := c.Request.Context()
	step, err := s.Provider.Next(ctx, f.req, f.progress(who))
	if refused := (*oauth.RedirectError)(nil); errors.As(err, &refused) {
		return f.at(routeContinue), s.deny(ctx, f, refused.Response.Params.Get("error"))
	}
	if err != nil {
		return "", err
	}
	switch step {
	case oauth.StepSignIn:
		return f.at(routeLogin), nil
	case oauth.StepSelect:
		return f.at(routeSelect), nil
	case oauth.StepConsent:
		return f.at(routeConsent), nil
	case oauth.StepIssue:
		return f.at(routeContinue), s.approve(ctx, f, who, nil)
	}
	return "", fmt.Errorf("unknown step %v", step)
}

// localPlace is place for a sign-in without a client.
func localPlace(f *flow, who web.SignedIn) string {
	if !who.Is() {
		return f.at(routeLogin)
	}
	return afterSignIn(f.in.Next)
}

// afterSignIn is where a sign-in without a client leads. The path is checked
// again here, where it is used, whatever wrote it.
func afterSignIn(next string) string {
	if next = web.NextPath(next); next != "" {
		return next
	}
	return routeAccount
}

// approve notes who decided. The code is made at /continue, and only for the same session.
func (s *site) approve(ctx context.Context, f *flow, who web.SignedIn, scopes []string) error {
	_, err := s.change(ctx, f, func(in *idp.Interaction) bool {
		if in.State != idp.InteractionOpen {
			return false
		}
		in.State, in.UserID, in.SessionID, in.Scopes = idp.InteractionApproved, who.User.ID, who.Session.ID, scopes
		in.Login, in.Notice = "", ""
		return true
	})
	return err
}

// deny notes a refusal, with its error code.
func (s *site) deny(ctx context.Context, f *flow, code string) error {
	_, err := s.change(ctx, f, func(in *idp.Interaction) bool {
		if in.State != idp.InteractionOpen {
			return false
		}
		in.State, in.Login, in.Notice = idp.InteractionDenied, "", code
		return true
	})
	return err
}

// reopen starts a flow over whose decision belongs to another session.
func (s *site) reopen(ctx context.Context, f *flow) error {
	_, err := s.change(ctx, f, func(in *idp.Interaction) bool {
		if in.State != idp.InteractionApproved {
			return false
		}
		in.State, in.UserID, in.SessionID, in.Scopes = idp.InteractionOpen, "", "", nil
		in.Reauthenticated, in.AccountChosen = 0, false
		return true
	})
	return err
}
