package handlers

import (
	"net/url"

	"github.com/gin-gonic/gin"
)

// openAt loads the flow of a GET page, and who is signed in, and checks that
// this page is what is due. When it is not, it redirects to the one that is
// and returns no flow.
func (s *site) openAt(c *gin.Context, route string) (*flow, signedIn, error) {
	f, err := s.openFlow(c, c.Query("flow"))
	if err != nil {
		return nil, signedIn{}, err
	}
	if f.in.Browser == "" {
		seeOther(c, f.at(routeLogin))
		return nil, signedIn{}, nil
	}
	at, err := s.place(c, f)
	if err != nil {
		return nil, signedIn{}, err
	}
	if at != f.at(route) {
		seeOther(c, at)
		return nil, signedIn{}, nil
	}
	who, err := s.who(c)
	if err != nil {
		return nil, signedIn{}, err
	}
	return f, who, nil
}

// openForm loads the flow of a posted page, who is signed in, and the form,
// whose token must fit both. When it does not, it answers so and returns no flow.
func (s *site) openForm(c *gin.Context, route string) (*flow, signedIn, url.Values, error) {
	form, err := s.readOnce(c.Writer, c.Request)
	if err != nil {
		return nil, signedIn{}, nil, err
	}
	f, err := s.openFlow(c, form.Get("flow"))
	if err != nil {
		return nil, signedIn{}, nil, err
	}
	who, err := s.who(c)
	if err != nil {
		return nil, signedIn{}, nil, err
	}
	if !s.csrfOK(c, form.Get("csrf"), route, f.in.ID, who.sessionID()) {
		return nil, signedIn{}, nil, s.staleForm(c, f.at(route))
	}
	return f, who, form, nil
}

// goOn redirects to what is due in the flow.
func (s *site) goOn(c *gin.Context, f *flow) error {
	at, err := s.place(c, f)
	if err != nil {
		return err
	}
	seeOther(c, at)
	return nil
}
