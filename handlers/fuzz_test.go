package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/web"
)

func FuzzAuthorizeForm(f *testing.F) {
	for _, s := range []string{"client_id=a&redirect_uri=b", "state=1&state=2", "x=%00", "x=%C3%28", "a;b", strings.Repeat("x", 40000), "claims=%7B%7D"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/oauth2/authorize", RawQuery: query}}
		params, err := web.ReadQuery(r)
		if err != nil {
			if status, _ := web.AnswerOf(err); status < 400 || status > 499 {
				t.Fatalf("%d: %v", status, err)
			}
			return
		}
		for name, values := range params {
			for _, v := range append([]string{name}, values...) {
				if !utf8.ValidString(v) || strings.Contains(v, "\x00") {
					t.Fatalf("%q is not text", v)
				}
			}
		}
		if at := logoutLocation(params); strings.ContainsAny(at, "\r\n \x00") || !strings.HasPrefix(at, routeEndSession) {
			t.Fatalf("%q", at)
		}
	})
}

func FuzzBearerHeader(f *testing.F) {
	for _, s := range []string{"Bearer abc", "bearer  abc==", "Bearer", "Bearer ", "Basic abc", "", "Bearer a b", "Bearer a\x00", "BEARER =", "Bearer =a", "Bearer\tabc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, err := bearerToken(header)
		if err != nil {
			if status, challenge := web.AnswerOf(err); (status != 400 && status != 401) || !strings.HasPrefix(challenge, "Bearer") {
				t.Fatalf("%d %q", status, challenge)
			}
			if token != "" {
				t.Fatal("a token beside an error")
			}
			return
		}
		if token != "" && (!isBearer(token) || !strings.Contains(header, token) || !strings.EqualFold(header[:6], "bearer")) {
			t.Fatalf("%q gave %q", header, token)
		}
	})
}
