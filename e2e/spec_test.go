package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEveryLineOfTheSpecificationHasATest compares the identifiers of
// docs/spec.md with the names of the tests in this package.
func TestEveryLineOfTheSpecificationHasATest(t *testing.T) {
	doc, err := os.ReadFile("../docs/spec.md")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		code, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`func Test([A-Z]\d+)_`).FindAllSubmatch(code, -1) {
			tested[string(m[1])] = true
		}
	}
	lines := regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \|`).FindAllSubmatch(doc, -1)
	if len(lines) < 60 {
		t.Fatalf("only %d lines found in docs/spec.md", len(lines))
	}
	for _, m := range lines {
		if !tested[string(m[1])] {
			t.Errorf("line %s has no test", m[1])
		}
	}
}
