// Package storagetest is the contract suite of the stores: one function for
// each contract in idp, which every backend runs, races included.
//
// It owns what the contracts promise, seen from outside. How a backend keeps
// its promise, and what is special to it, is tested beside the backend.
//
//	storagetest.Grants(t, func(t *testing.T) idp.GrantStore { return … })
//
// A factory may hand out one database again and again: every name in the suites
// is random, and no test counts what others may have made. The exceptions are
// Keys and Roles, whose lists are whole; they look for their own.
package storagetest
