// Package webtest is for tests alone: the whole program on a database of its
// own, people of each permission, and a browser without JavaScript that walks
// its pages as a person does.
package webtest
