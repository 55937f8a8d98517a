// Package sqlstore keeps everything Gatehouse remembers in Postgres or SQLite:
// one implementation of every store contract in idp, for both databases.
//
// It owns the SQL, the meaning of driver errors, transactions, retries and the
// schema's migrations. What the records mean is idp's; which backend serves
// which aggregate is storage's choice.
//
//	Users{db}.User ─ db.do(op) ─ pool.query ─ database/sql ─ lib/pq | modernc
//	                  │            └ dialect words: @now, @least, …
//	                  └ times it, retries what lost a race, names the error
//
// Statements are written once, with $n placeholders that both databases take.
// The little in which they differ is a dialect value: a few words that are
// replaced in the text (they begin with @), how a time and a length of time are
// passed, and what a driver's error means.
//
// # The audit log
//
// A verb that changes users, roles, clients, consents, keys or settings is one
// transaction: it locks the row and reads it, writes it, and ends with db.record,
// which seals one event behind the last one. audit_head is the one row that all
// of them hold at the end, so there is one chain on any number of instances, and
// a change whose event cannot be written does not happen.
//
// # Lists
//
// A listing pages by (value, ID) along an index, so a page costs the same
// wherever it lies, and counts as far as idp.MaxCount. A filter that no index
// answers is tried on a narrow index that holds all it looks at (SQLite), or on
// what the planner chooses by its statistics (Postgres, with trigrams for
// parts of a text). With 100,000 users or events that is tens of milliseconds.
//
// Time that decides whether a record lives is the database's clock. Times are
// kept in microseconds.
package sqlstore
