package api

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/web"
)

// serve is the way of every call, from the request to the answer.
func (a *API) serve(r *route) web.Handler {
	return func(g *gin.Context) error {
		g.Header("Cache-Control", "no-store")
		c := &call{gin: g, route: r}
		// 1. Who calls. A token that does not work counts against the network.
		refused := a.identify(c)
		// 2. How often.
		if err := a.limiterOf(c).take(g.Writer.Header(), c.caller(), a.Now()); err != nil {
			return err
		}
		if refused != nil {
			return told(refused)
		}
		// 3. May they.
		if err := a.permit(c); err != nil {
			return err
		}
		// 4. What they ask for.
		have, err := a.read(c)
		if err != nil {
			return err
		}
		// 5. Do it.
		answer, err := a.do(c)
		if err != nil {
			return told(err)
		}
		answer.send(g, have)
		return nil
	}
}

// identify reads the token and says in the context who acts.
func (a *API) identify(c *call) error {
	rec := c.record()
	act := idp.Act{Kind: idp.ActorNobody, IP: rec.IP, RequestID: rec.ID}
	defer func() { c.gin.Request = c.gin.Request.WithContext(idp.WithAct(c.ctx(), act)) }()
	token := bearerToken(c.gin.Request)
	switch c.route.Access {
	case open:
		return nil
	case subject: // the token is what is asked about, and who asks
		token = c.gin.GetHeader(headerSubject)
	case granted:
	}
	b, err := a.Provider.Authenticate(c.ctx(), token)
	if err != nil {
		return err
	}
	if c.route.Access == subject && (b.User == nil || !isOurs(b)) {
		return &oauth.Error{Status: http.StatusUnauthorized, Code: "invalid_token", Description: "the token was not given by this API"}
	}
	act.Kind, act.ID, act.Name, act.ClientID = idp.ActorClient, b.Client.ID, b.Client.Name, b.Client.ID
	if b.User != nil {
		act.Kind, act.ID, act.Name = idp.ActorUser, b.User.ID, b.User.Username
		rec.User = b.User.ID
	}
	rec.Client = b.Client.ID
	c.bearer, c.may = b, b.Permissions
	return nil
}

func (a *API) limiterOf(c *call) *limiter {
	if c.bearer == nil {
		return a.strangers
	}
	return a.callers
}

// permit says no to whoever may not make the call, in the same words whether
// what they asked for exists or not.
func (a *API) permit(c *call) error {
	if c.route.Access != granted {
		return nil
	}
	if c.route.Is == own && c.bearer.OwnAccount {
		// A route without a person in its path finds out by the record whose it is.
		c.own = !strings.Contains(c.route.Path, "{id}") || c.isSelf(c.person())
	}
	if c.own || c.route.May != nil && c.route.May(c.may) || c.route.May == nil && c.route.Is != own {
		return nil
	}
	return a.deny(c)
}

// deny refuses and records it, once a minute for each caller and call: whoever
// asks again and again must not fill the log.
func (a *API) deny(c *call, faults ...idp.Fault) error {
	if a.denials.left.Of(c.caller()+" "+c.route.ID).AllowN(a.Now(), 1) {
		a.Site.Audit.Record(idp.NewEvent(c.ctx(), a.Now(), idp.ActionPermissionRefuse,
			idp.Target{Kind: "call", ID: c.route.Method + " " + c.route.Path}, idp.AuditRefused))
	}
	return forbidden(faults...)
}

// read reads parameters, preconditions and body.
func (a *API) read(c *call) (have condition, err error) {
	r := c.gin.Request
	for _, p := range c.gin.Params {
		if !utf8.ValidString(p.Value) || strings.ContainsRune(p.Value, 0) {
			return have, idp.ErrNotFound // what some stores cannot even be asked for
		}
	}
	if c.query, err = web.ReadQuery(r); err != nil {
		return have, err
	}
	if err := known(c.query, c.route.Query); err != nil {
		return have, err
	}
	if c.match, err = parseCondition(r.Header.Values("If-Match")); err != nil {
		return have, err
	}
	if have, err = parseCondition(r.Header.Values("If-None-Match")); err != nil {
		return have, err
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPatch {
		c.body, err = web.ReadJSON(c.gin, "application/merge-patch+json")
	}
	return have, err
}

func (a *API) do(c *call) (*reply, error) {
	do := func() (*reply, error) {
		answer, err := c.route.Do(a, c)
		if err != nil {
			return nil, err
		}
		return answer.render()
	}
	if c.route.Is != once {
		return do()
	}
	key, err := onceKey(c.gin.Request.Header.Values(headerOnce))
	if err != nil {
		return nil, err
	}
	if key == "" {
		return do()
	}
	return a.once(c, key, do)
}

// isOurs reports whether a token was given by this API itself. One that was
// given to another application proves nothing to whoever checks it here: that
// application could hand it on.
func isOurs(b *oauth.Bearer) bool { return b.Client.ID == idp.ClientGatehouse }
