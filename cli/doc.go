// Package cli is the command line: one file per command. It owns flags,
// output, questions and exit codes. Each command opens server.Admin (the same
// wiring that serves), calls one verb of account.Users or oauth.Clients, and
// prints what came back; no rule about people, clients or keys lives here.
//
// Exit codes: 0 done; 1 not found, refused, or a store that does not answer;
// 2 bad input or configuration, and nothing was changed. What went wrong is one line on stderr;
// with --json stdout holds one JSON value and nothing else.
package cli
