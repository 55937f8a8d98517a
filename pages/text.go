package pages

import "slices"

// text is a message of the catalogue with its arguments.
type text struct {
	key   string
	args  args
	count int // of the plural form, with the argument Count
}

// args are a message's arguments: strings, or texts to put in.
type args map[string]any

func knownKind(k ErrorKind) bool { return slices.Contains(errorKinds(), k) }
