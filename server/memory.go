package server

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

const (
	megabyte = 1 << 20
	// gcPercent lets garbage grow to four times the few megabytes that live;
	// at Go's default the collector would run every few hundred requests.
	gcPercent = 400
	// baseMemory is what the process may grow to before the collector works
	// harder, beside what the hashes of passwords take.
	baseMemory = 40 * megabyte
	hashMemory = 20 * megabyte // argon2id, each slot
)

// TuneMemory sets the collector for a process that does nothing but serve. What
// the operator set by GOGC or GOMEMLIMIT stays.
func (c *Config) TuneMemory(environ []string) {
	isSet := func(name string) bool {
		return slices.ContainsFunc(environ, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	}
	if isSet("GOGC") || isSet("GOMEMLIMIT") {
		return
	}
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(baseMemory + int64(c.hashSlots())*hashMemory)
}

// hashSlots is how many passwords are hashed at once.
func (c *Config) hashSlots() int {
	if c.HashSlots > 0 {
		return c.HashSlots
	}
	return runtime.GOMAXPROCS(0)
}
