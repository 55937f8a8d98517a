package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/web"
)

// headerSubject carries a token that is asked for or about.
const headerSubject = "X-Subject-Token"

// register adds a person who signs up, where the settings let strangers in.
func (a *API) register(c *call) (*answer, error) {
	u, password, err := c.newUser(append(profile(), "username", "email"))
	if err != nil {
		return nil, err
	}
	made, err := a.SignUp.Register(c.ctx(), u, password, c.record().IP)
	if err != nil {
		return nil, err
	}
	return created(base+"/users/"+made.ID, registered{made.ID, made.Username}, time.Time{}), nil
}

// registered is all that a stranger is told of an account that was made. Whether
// it got the email address would tell whose address has an account already.
type registered struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// signedIn returns whose username and password the body holds.
func (a *API) signedIn(c *call) (*idp.User, error) {
	m, err := c.members("username", "password")
	if err != nil {
		return nil, err
	}
	username, err := m.text("username")
	if err != nil {
		return nil, err
	}
	password, err := m.text("password")
	if err != nil {
		return nil, err
	}
	return a.SignIn.WithPassword(c.ctx(), account.Attempt{
		Login: username, Password: password, IP: c.record().IP, RequestID: c.record().ID,
	})
}

// login gives a person an access and a refresh token.
func (a *API) login(c *call) (*answer, error) {
	u, err := a.signedIn(c)
	if err != nil {
		return nil, err
	}
	tokens, err := a.Provider.IssueToPerson(c.ctx(), u, c.record().IP, c.record().ID, true)
	if err != nil {
		return nil, err
	}
	c.record().User = u.ID
	return shown(tokens), nil
}

// refresh takes the refresh token as the bearer, or in the body.
func (a *API) refresh(c *call) (*answer, error) {
	m, err := c.members("refresh_token")
	if err != nil {
		return nil, err
	}
	token, err := m.text("refresh_token")
	if err != nil {
		return nil, err
	}
	bearer := bearerToken(c.gin.Request)
	switch {
	case token != "" && bearer != "":
		return nil, web.BadInput("send the refresh token once: as the bearer or in the body")
	case token == "" && bearer == "":
		return nil, invalid(fault("refresh_token", "is required, here or as the bearer"))
	case token == "":
		token = bearer
	}
	tokens, err := a.Provider.RefreshForPerson(c.ctx(), token, c.record().IP, c.record().ID)
	if refused := (*oauth.Error)(nil); errors.As(err, &refused) && refused.Code == "invalid_grant" {
		return nil, &web.ProblemError{
			Status: http.StatusUnauthorized, Code: "invalid_token", Cause: err, Challenge: `Bearer realm="gatehouse", error="invalid_token"`,
			Detail: "the refresh token is not valid, has expired or was used before",
		}
	}
	if err != nil {
		return nil, err
	}
	c.record().User = tokens.UserID
	return shown(tokens), nil
}

// logout ends everything that came from the sign-in that the token came from.
func (a *API) logout(c *call) (*answer, error) {
	if err := a.Provider.RevokeBearer(c.ctx(), c.bearer); err != nil {
		return nil, err
	}
	return nothing(), nil
}

// tokenView is what a token is good for.
type tokenView struct {
	User      userView `json:"user"`
	Scope     string   `json:"scope"`
	ExpiresIn int64    `json:"expires_in,omitempty"` // seconds
}

// createToken gives a person an access token in the header X-Subject-Token.
func (a *API) createToken(c *call) (*answer, error) {
	u, err := a.signedIn(c)
	if err != nil {
		return nil, err
	}
	tokens, err := a.Provider.IssueToPerson(c.ctx(), u, c.record().IP, c.record().ID, false)
	if err != nil {
		return nil, err
	}
	c.record().User = u.ID
	w := shown(tokenView{viewUser(u), tokens.Scope, tokens.ExpiresIn})
	w.status, w.headers = http.StatusCreated, map[string]string{headerSubject: tokens.AccessToken}
	return w, nil
}

// checkToken tells whether the token in X-Subject-Token works, and whose it is.
func (a *API) checkToken(c *call) (*answer, error) {
	u, err := a.Users.Find(c.ctx(), c.bearer.User.ID)
	if err != nil {
		return nil, err
	}
	return shown(tokenView{User: viewUser(u), Scope: strings.Join(c.bearer.Scopes, " ")}), nil
}
