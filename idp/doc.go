// Package idp is the vocabulary of Gatehouse: the things it speaks of (users,
// roles, clients, consents, keys, grants, sessions, interactions), what makes
// one valid, the kinds of error, and the contracts of the stores that keep them.
//
// It owns meaning and nothing else. It imports only the standard library, so
// every other room can import it. Protocol rules live in oauth, rules about
// people in account, SQL and Redis in storage.
//
// The contracts (store_*.go files) are small, one per aggregate, and written as verbs:
// a verb is one transaction, and its comment says what is atomic, how long a
// record lives, and which error says that it is absent. The suite in
// storage/storagetest holds every backend to them.
package idp
