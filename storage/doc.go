// Package storage opens the stores: it chooses the backend of each aggregate
// from the configuration and says in the log what it chose.
//
// It owns that choice, the short cache of users and clients, and what concerns
// all backends together: Ping, Purge, Close, PoolStats. The SQL is in
// storage/sql, Redis in storage/redis, and storage/storagetest holds both to
// the contracts in idp.
//
//	                          DATABASE_URL only      with REDIS_URL
//	users, roles, consents,
//	clients, keys, settings,
//	images, audit, tallies    SQLite or Postgres     SQLite or Postgres
//	grants, sessions, notes,
//	interactions, throttles   the same database      Redis
//
// # The cache
//
// Users.User and Clients.Client remember what they read for two seconds: they
// are asked by every token request, and nothing may go unseen for more than
// five. A change through the same Stores is seen at once, one by another process
// when the entry ends. UserByLogin, which decides about passwords, is never
// cached. What is handed out is a copy.
package storage
