// Package server puts Gatehouse together and runs it.
//
// It owns the configuration (one struct from the environment, every fault
// reported at once), the log, the metrics, the listeners with their timeouts
// and TLS, and the life of the process: open the stores, bring or check the
// schema, open the keys, make the first administrator, listen, serve, drain,
// close. It is the only room that imports all others; it decides nothing about
// the protocol (oauth), people (account), pages (pages) or routes (handlers).
//
//	Load → Main.Open: data folder → master key → schema → stores → keyring
//	                  → first administrator → listen → demo → handler → serve
//	Main.Run:  Open → wait for ctx → Main.Close
//	Main.Close: not ready → GATEHOUSE_SHUTDOWN_DELAY → stop accepting
//	            → finish what runs → stop the jobs → close the stores
//
// Admin is the same wiring without listeners, for the command line. Examine
// looks for what is wrong with an installation, and changes nothing.
package server
