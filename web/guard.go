package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

// ErrAnswered says that the answer has been written: return it and do nothing more.
var ErrAnswered = errors.New("answered")

// stepUpWithin is how fresh a sign-in must be for what cannot be undone.
const stepUpWithin = 10 * time.Minute

const (
	keyPerson = "person" // SignedIn, in a guarded group
	keyArea   = "area"   // pages.Area
)

// Require guards a group of pages: somebody is signed in, and their roles may
// do it. Nil asks for no permission. The context of what comes after carries the Act.
func (s *Site) Require(may func(idp.Permissions) bool, area pages.Area) gin.HandlerFunc {
	return func(c *gin.Context) {
		who, err := s.Who(c)
		switch {
		case err != nil:
			s.Fail(c, err, s.FailPage)
			return
		case !who.Is():
			s.askToSignIn(c)
			return
		}
		c.Set(keyPerson, who)
		c.Set(keyArea, area)
		c.Request = c.Request.WithContext(idp.WithAct(c.Request.Context(), s.Act(c)))
		if may != nil && !may(who.User.Permissions) {
			s.Forbid(c)
			return
		}
		c.Next()
	}
}

// Forbid answers somebody who asked for what their roles do not allow, and records it.
func (s *Site) Forbid(c *gin.Context) {
	s.Audit.Record(idp.NewEvent(c.Request.Context(), s.Now(), idp.ActionPermissionRefuse,
		idp.Target{Kind: "page", ID: c.FullPath()}, idp.AuditRefused))
	s.Fail(c, RefusePage(http.StatusForbidden, pages.ErrorForbidden), s.FailPage)
}

// Person returns who is signed in, in a guarded group.
func Person(c *gin.Context) SignedIn {
	who, _ := c.Get(keyPerson)
	w, _ := who.(SignedIn)
	return w
}

// Act is who acts with this request, for what is recorded.
func (s *Site) Act(c *gin.Context) idp.Act {
	rec := RecordOf(c)
	a := idp.Act{Kind: idp.ActorNobody, IP: rec.IP, RequestID: rec.ID}
	if who := Person(c); who.Is() {
		a.Kind, a.ID, a.Name = idp.ActorUser, who.User.ID, who.User.Username
	}
	return a
}

// ActAs is the context of a request outside of the guarded groups whose
// changes are recorded as the person's.
func (s *Site) ActAs(c *gin.Context, who SignedIn) context.Context {
	a := s.Act(c)
	if who.Is() {
		a.Kind, a.ID, a.Name = idp.ActorUser, who.User.ID, who.User.Username
	}
	return idp.WithAct(c.Request.Context(), a)
}

// WithReason makes the changes of this request carry the reason that the person gave.
func (s *Site) WithReason(c *gin.Context, reason string) {
	a := s.Act(c)
	a.Reason = reason
	c.Request = c.Request.WithContext(idp.WithAct(c.Request.Context(), a))
}

// askToSignIn leads to the sign-in page and back. What a form held is kept
// for whoever it was written by; nothing is done with it.
func (s *Site) askToSignIn(c *gin.Context) {
	c.Abort()
	if c.GetHeader("Accept") == "text/event-stream" {
		// A live view cannot go to a page. This answer ends it, and the browser
		// does not try again (HTML Living Standard §9.2.2).
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return
	}
	if c.Request.Method != http.MethodPost {
		SeeOther(c, WithNext(RouteLogin, NextPath(c.Request.URL.RequestURI())))
		return
	}
	if err := s.keepForSignIn(c); err != nil {
		s.Fail(c, err, s.FailPage)
	}
}

func (s *Site) keepForSignIn(c *gin.Context) error {
	values, _, err := s.readAny(c, "", 0)
	if err != nil {
		return err
	}
	back := NextPath(values.Get("back"))
	if back == "" {
		back = RouteAccount
	}
	if !strings.Contains(values.Get("csrf"), ".") {
		values = nil // it does not say whose it is
	}
	at, err := s.keepDraft(c, back, &draft{Values: values, Notice: string(pages.NoticeSessionBack)})
	if err != nil {
		return err
	}
	SeeOther(c, WithNext(RouteLogin, at))
	return nil
}

// FreshSignIn returns nil when the person signed in a short while ago.
// Otherwise it asks for the password again, then leads back to this page (of a
// form: to the page that the form was on, with what was typed), and returns ErrAnswered.
func (s *Site) FreshSignIn(c *gin.Context) error {
	who := Person(c)
	if who.Is() && s.Now().Sub(who.Session.AuthTime) <= stepUpWithin {
		return nil
	}
	next := NextPath(c.Request.URL.RequestURI())
	if c.Request.Method == http.MethodPost {
		var err error
		back := cmp.Or(NextPath(c.Request.PostForm.Get("back")), RouteAccount)
		if next, err = s.keepDraft(c, back, &draft{Values: c.Request.PostForm, Notice: string(pages.NoticeSessionBack)}); err != nil {
			return err
		}
	}
	SeeOther(c, RouteLogin+"?"+url.Values{"again": {"1"}, "next": {next}}.Encode())
	return ErrAnswered
}
