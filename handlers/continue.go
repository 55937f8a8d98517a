package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/web"
)

// send writes the answer to an authorization request.
type send func(*gin.Context, *oauth.AuthorizeRequest, *oauth.AuthorizeResponse) error

// carryOn is GET /continue: it hands over to the client what was decided, once.
func (s *site) carryOn(c *gin.Context) error {
	f, err := s.openFlow(c, c.Query("flow"))
	if err != nil {
		return err
	}
	switch {
	case f.req != nil && f.in.State == idp.InteractionDone:
		return s.showDone(c, f)
	case f.req == nil || f.in.State == idp.InteractionOpen || f.in.Browser == "":
		web.SeeOther(c, f.at(routeLogin))
		return nil
	}
	return s.finish(c, f, func(c *gin.Context, _ *oauth.AuthorizeRequest, resp *oauth.AuthorizeResponse) error {
		return s.handOver(c, f, resp)
	})
}

// finish makes the answer of an approved or denied flow and sends it. Of
// several visits one wins; the others learn that it is done.
func (s *site) finish(c *gin.Context, f *flow, send send) error {
	ctx := c.Request.Context()
	decided := f.in.State
	var who web.SignedIn
	if decided == idp.InteractionApproved {
		var stands bool
		var err error
		if who, stands, err = s.stands(c, f); err != nil {
			return err
		}
		if !stands {
			return s.startOver(c, f)
		}
		ctx = s.ActAs(c, who)
	}
	code := f.in.Notice // of a refusal
	won, err := s.change(ctx, f, func(in *idp.Interaction) bool {
		if in.State != decided {
			return false
		}
		in.State = idp.InteractionDone
		return true
	})
	if err != nil {
		return err
	}
	if !won {
		return s.showDone(c, f)
	}
	resp, err := s.response(ctx, f, who, decided, code)
	if err != nil {
		s.putBack(ctx, f, decided)
		return err
	}
	web.RecordOf(c).Outcome = "issued"
	if e := resp.Params.Get("error"); e != "" {
		web.RecordOf(c).Outcome = e
	}
	return send(c, f.req, resp)
}

// stands reports whether the decision is still that of the browser's session,
// and whether the provider still has nothing to ask.
func (s *site) stands(c *gin.Context, f *flow) (web.SignedIn, bool, error) {
	who, err := s.Who(c)
	if err != nil || !who.Is() || who.Session.ID != f.in.SessionID || who.User.ID != f.in.UserID {
		return who, false, err
	}
	step, err := s.Provider.Next(c.Request.Context(), f.req, f.progress(who))
	if refused := (*oauth.RedirectError)(nil); errors.As(err, &refused) {
		return who, false, nil
	}
	return who, err == nil && step == oauth.StepIssue, err
}

// startOver asks again, since the session changed after the decision.
func (s *site) startOver(c *gin.Context, f *flow) error {
	if err := s.reopen(c.Request.Context(), f); err != nil {
		return err
	}
	return s.goOn(c, f)
}

func (s *site) response(ctx context.Context, f *flow, who web.SignedIn, decided idp.InteractionState, code string) (*oauth.AuthorizeResponse, error) {
	if decided == idp.InteractionDenied {
		if code == web.CodeAccessDenied {
			return s.Provider.Deny(f.req), nil
		}
		return s.Provider.Refuse(f.req, code, "the sign-in did not end as the request asked"), nil
	}
	resp, err := s.Provider.Issue(ctx, f.req, who.Session)
	if refused := (*oauth.RedirectError)(nil); errors.As(err, &refused) {
		return refused.Response, nil
	}
	if err != nil {
		return nil, fmt.Errorf("issue code: %w", err)
	}
	return resp, nil
}

// putBack makes a flow whose answer could not be made ready to be tried again.
// When that fails too, the person starts again at the application.
func (s *site) putBack(ctx context.Context, f *flow, decided idp.InteractionState) {
	_, _ = s.change(context.WithoutCancel(ctx), f, func(in *idp.Interaction) bool {
		in.State = decided
		return true
	})
}

// handOver leaves our origin after a form of ours. A redirect would be held
// against that form's form-action 'self', also further along the client's own
// redirects, so web callbacks get a page with a Refresh header. Apps on the
// device get a redirect: the pages before it left form-action off.
func (s *site) handOver(c *gin.Context, f *flow, resp *oauth.AuthorizeResponse) error {
	switch {
	case resp.Mode == oauth.ModeFormPost:
		return s.formPost(c, f, resp)
	case f.offOrigin():
		web.SeeOther(c, resp.Location())
		return nil
	}
	return s.ShowFor(c, http.StatusOK, f.uiLocales(), pages.ContinuePage{App: *f.app, Location: resp.Location()})
}

// showDone explains a flow that was handed over before: Back from the client leads here.
func (s *site) showDone(c *gin.Context, f *flow) error {
	return s.ShowFor(c, http.StatusOK, f.uiLocales(), pages.ContinuedPage{App: *f.app})
}
