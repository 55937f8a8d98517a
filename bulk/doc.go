// Package bulk moves many records at once: people from and to files, and roles,
// clients and settings kept as one file.
//
// It owns the forms of those files and the order of the work. What a record
// may hold, and who may sign in with it, decide account, oauth and settings;
// every change goes through them and is recorded like any other.
//
// Where to read:
//
//	users_columns.go  the columns of a file of people, one list for both ways
//	users_read.go     CSV and JSON lines
//	users_import.go   rows → account.Users.CreateMany, in batches
//	users_export.go   the reverse
//	fill.go           made-up people and events, for trying out and measuring
package bulk
