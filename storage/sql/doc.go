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
// Time that decides whether a record lives is the database's clock. Times are
// kept in microseconds.
package sqlstore
