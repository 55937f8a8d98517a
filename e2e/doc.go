// Package e2e holds the tests that run Gatehouse as its users meet it: over
// HTTP, against the real program on real stores, with real client libraries
// and a real browser. It contains no code of the product.
//
// Each line of docs/spec.md has a test here whose name begins with the line's
// identifier; spec_test.go fails when one is missing.
package e2e
