package handlers

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/web"
)

// authorize is the authorization endpoint (RFC 6749 §3.1, OIDC Core §3.1.2.1).
func (s *site) authorize(c *gin.Context) error {
	// 1. The parameters: of the URL for GET, of the body for POST.
	params, err := s.Params(c)
	if err != nil {
		return err
	}
	if id := params.Get("client_id"); web.IsClientID(id) {
		web.RecordOf(c).Client = id
	}
	// 2. The request: refused on a page of ours, refused at the client, or good.
	req, err := s.Provider.ParseAuthorize(c.Request.Context(), params)
	if refused := (*oauth.RedirectError)(nil); errors.As(err, &refused) {
		return s.answer(c, refused)
	}
	if err != nil {
		return err
	}
	// 3. Browsers send no cookies with a form of another site, so who is signed
	// in shows only on the GET that follows.
	if c.Request.Method == http.MethodPost && !s.HasCookies(c) {
		f, err := s.newFlow(c, "", req, &idp.Interaction{})
		if err != nil {
			return err
		}
		web.SeeOther(c, f.at(routeLogin))
		return nil
	}
	// 4. Answer straight, or show pages.
	return s.decide(c, req)
}

// decide answers a request at once when nothing is to be asked, or begins a flow.
func (s *site) decide(c *gin.Context, req *oauth.AuthorizeRequest) error {
	who, err := s.Who(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	step, err := s.Provider.Next(ctx, req, oauth.Progress{Session: who.Session, User: who.User})
	if refused := (*oauth.RedirectError)(nil); errors.As(err, &refused) {
		return s.answer(c, refused)
	}
	if err != nil {
		return err
	}
	if step == oauth.StepIssue {
		resp, err := s.Provider.Issue(ctx, req, who.Session)
		if err != nil {
			return err
		}
		web.RecordOf(c).Outcome = "issued"
		return s.sendStraight(c, req, resp)
	}
	f, err := s.newFlow(c, s.EnsureBrowser(c), req, &idp.Interaction{})
	if err != nil {
		return err
	}
	return s.goOn(c, f)
}

// answer sends a refusal to the client.
func (s *site) answer(c *gin.Context, refused *oauth.RedirectError) error {
	web.RecordOf(c).Outcome = refused.Response.Params.Get("error")
	return s.sendStraight(c, refused.Request, refused.Response)
}

// sendStraight answers a GET, or a POST of another site: no page of ours lies
// before it, so its form-action does not matter and a plain redirect works.
func (s *site) sendStraight(c *gin.Context, req *oauth.AuthorizeRequest, resp *oauth.AuthorizeResponse) error {
	if resp.Mode != oauth.ModeFormPost {
		web.SeeOther(c, resp.Location())
		return nil
	}
	app, err := s.appOf(c.Request.Context(), req)
	if err != nil {
		return err
	}
	return s.formPost(c, &flow{req: req, app: app}, resp)
}

// formPost shows the page that posts the answer (OAuth 2.0 Form Post Response Mode §2).
func (s *site) formPost(c *gin.Context, f *flow, resp *oauth.AuthorizeResponse) error {
	return s.ShowFor(c, http.StatusOK, f.uiLocales(), pages.FormPostPage{
		App: *f.app, Action: resp.RedirectURI, Fields: fieldsOf(resp.Params),
	})
}

// fieldsOf lists parameters in a fixed order.
func fieldsOf(v url.Values) []pages.Field {
	out := make([]pages.Field, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		for _, value := range v[name] {
			out = append(out, pages.Field{Name: name, Value: value})
		}
	}
	return out
}

// resume goes on with a flow that came from a form of another site, now that
// the browser sends its cookies: it becomes this browser's, once.
func (s *site) resume(c *gin.Context, f *flow) error {
	ctx := c.Request.Context()
	browser := s.EnsureBrowser(c).Digest()
	claimed, err := s.change(ctx, f, func(in *idp.Interaction) bool {
		if in.Browser != "" {
			return false
		}
		in.Browser = browser
		return true
	})
	if err != nil {
		return err
	}
	if !claimed && f.in.Browser != browser {
		return web.RefusePage(http.StatusBadRequest, pages.ErrorCookies)
	}
	at, err := s.place(c, f)
	if err != nil {
		return err
	}
	if f.in.State == idp.InteractionApproved || f.in.State == idp.InteractionDenied {
		// No page was shown, so none is shown now (prompt=none must not, OIDC Core §3.1.2.1).
		return s.finish(c, f, s.sendStraight)
	}
	if at == f.at(routeLogin) {
		return s.showLogin(c, f, false)
	}
	web.SeeOther(c, at)
	return nil
}
