// Package static owns the files that pages load: one stylesheet, the script
// auth.js and the icons. They are compiled into the binary, compressed once at
// the start, and addressed by their content (?v=hash), so browsers may keep
// them for good.
//
// It knows nothing of pages; package pages asks for the addresses.
package static
