package handlers

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"gatehouse/web"
)

// openAt loads the flow of a GET page, and who is signed in, and checks that
// this page is what is due. When it is not, it redirects to the one that is
// and returns no flow.
func (s *site) openAt(c *gin.Context, route string) (*flow, web.SignedIn, error) {
	f, err := s.openFlow(c, c.Query("flow"))
	if err != nil {
		return nil, web.SignedIn{}, err
	}
	if f.in.Browser == "" {
		web.SeeOther(c, f.at(routeLogin))
		return nil, web.SignedIn{}, nil
	}
	at, err := s.place(c, f)
	if err != nil {
		return nil, web.SignedIn{}, err
	}
	if at != f.at(route) {
		web.SeeOther(c, at)
		return nil, web.SignedIn{}, nil
	}
	who, err := s.Who(c)
	if err != nil {
		return nil, web.SignedIn{}, err
	}
	return f, who, nil
}

// openForm loads the flow of a posted page, who is signed in, and the form,
// whose token must fit both. When it does not, it answers so and returns no flow.
func (s *site) openForm(c *gin.Context, route string) (*flow, web.SignedIn, url.Values, error) {
	form, err := s.ReadOnce(c.Writer, c.Request)
	if err != nil {
		return nil, web.SignedIn{}, nil, err
	}
	f, err := s.openFlow(c, form.Get("flow"))
	if err != nil {
		return nil, web.SignedIn{}, nil, err
	}
	who, err := s.Who(c)
	if err != nil {
		return nil, web.SignedIn{}, nil, err
	}
	if !s.CSRFOK(c, form.Get("csrf"), route, f.in.ID, who.SessionID()) {
		return nil, web.SignedIn{}, nil, s.StaleForm(c, f.at(route))
	}
	return f, who, form, nil
}

// goOn redirects to what is due in the flow.
func (s *site) goOn(c *gin.Context, f *flow) error {
	at, err := s.place(c, f)
	if err != nil {
		return err
	}
	web.SeeOther(c, at)
	return nil
}
