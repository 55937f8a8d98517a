package api

// Call is a line of the routes, for tests.
type Call struct{ Method, Path, ID string }

// Calls returns every call.
func Calls() []Call {
	var out []Call
	for _, r := range routes() {
		out = append(out, Call{r.Method, r.Path, r.ID})
	}
	return out
}
