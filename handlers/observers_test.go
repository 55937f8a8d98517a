package handlers_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

// syncBuffer collects the log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// lines returns the log's lines, decoded.
func (s *syncBuffer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(s.String()) {
		var m map[string]any
		must(t, json.Unmarshal([]byte(line), &m))
		out = append(out, m)
	}
	return out
}

// counts are metrics that can be read.
type counts struct {
	mu  sync.Mutex
	all []string
}

func (c *counts) add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, s)
}

func (c *counts) Request(route, method string, _ int, _ time.Duration) { c.add(method + " " + route) }

func (c *counts) Token(grant, outcome string) { c.add("token " + grant + " " + outcome) }

func (c *counts) SignIn(outcome string) { c.add("sign-in " + outcome) }

func (c *counts) has(s string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.all {
		if x == s {
			return true
		}
	}
	return false
}
