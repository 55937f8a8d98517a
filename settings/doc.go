// Package settings holds what an administrator may change while Gatehouse runs.
//
// It owns the order of precedence (what the environment sets is fixed and
// wins, then what was saved, then the default), the rules that a change has to
// pass, and the copy that every request reads. It leaves the record to
// idp.SettingsStore and the meaning of each setting to the room that reads it.
//
//	Service.Run, each 2 s → store → merge → Current (one atomic load, no I/O)
//	Service.Save → rules, over all values together → store → Current
//
// Rooms get Service.Current as a func, so they import idp alone.
package settings
