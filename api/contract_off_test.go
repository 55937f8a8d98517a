//go:build !contract

package api_test

import (
	"net/http"
	"testing"
)

// judge will hold what goes over the wire against openapi.yaml.
type judge struct{}

func newJudge(testing.TB) *judge { return &judge{} }

func (*judge) answer(*http.Request, string, *http.Response, []byte) {}
