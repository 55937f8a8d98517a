package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The parser's complaints, worded for people: what is wrong with which word,
// on one line, and where to read on.

// updateRule is how every update reads its flags.
const updateRule = "Only what a flag names is changed. A list is replaced as a whole, and an empty value takes away what was there."

// onlyChildren is what a command does that only holds others: without a word
// it explains itself.
func onlyChildren(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	path := c.CommandPath()
	c.SuggestionsMinimumDistance = min(2, len(args[0])/3) // letters that a word may be off to be guessed
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return misuse("%q is not a command of %s; did you mean %s? See: %s --help", args[0], path, strings.Join(near, " or "), path)
	}
	return misuse("%q is not a command of %s; see: %s --help", args[0], path, path)
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse("%s takes no argument, so %q means nothing; see: %s --help", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

func oneArg(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return misuse("one argument is wanted, not %d: %s", len(args), c.UseLine())
	}
	return nil
}

// flagFault words what the parser says of a flag.
func flagFault(c *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	if !errors.As(err, &value) {
		return misuse("%v; see: %s --help", err, c.CommandPath())
	}
	wanted := map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a length of time such as 90m or 24h"}[value.GetFlag().Value.Type()]
	if wanted == "" {
		return misuse("--%s: %v", value.GetFlag().Name, value.Unwrap())
	}
	return misuse("--%s must be %s, not %q", value.GetFlag().Name, wanted, value.GetValue())
}

// notEmpty refuses flags that were given without a value, as by a shell
// variable that is not set.
func notEmpty(flags *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		f := flags.Lookup(name)
		if !f.Changed {
			continue
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" }) {
			return misuse("--%s is empty", name)
		}
	}
	return nil
}
