// Package audit keeps the audit log going: it takes in what no store records
// with a change of its own, counts, checks the chain, and removes what is older
// than the log must be.
//
// It owns
//   - Recorder: a queue in front of the log and of the tallies;
//   - Verify: whether the log is whole and as it was written;
//   - Purge: retention.
//
// It leaves to storage the chain itself, and the recording of every change of
// users, roles, clients, consents, keys and settings, which is part of the
// transaction of the change; to account and oauth what is worth an event; to
// console, api and cli how the log is read. It imports idp alone.
//
// # Recorder
//
//	Record(event)   never waits: a full queue drops the event, and says how many
//	  1 alike ones of a minute become one with a Count (see merger)
//	  2 written in batches, every 200 ms, and kept while the store does not answer
//	Count(kind)     summed by the hour, written every 5 s
//
// So an attack, or a machine that fetches a token for every call, costs the log
// a few lines a minute, and no sign-in or token waits for it. What is
// written by Recorder can be lost when the process is killed: a batch of 200 ms,
// the merged lines of a minute. Changes cannot: they are not its business.
package audit
