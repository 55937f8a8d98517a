package server

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"gatehouse/idp"
)

// ConfigError lists every fault of the configuration, one sentence each.
type ConfigError struct{ Faults []string }

func (e *ConfigError) Error() string {
	if len(e.Faults) == 1 {
		return "configuration: " + e.Faults[0]
	}
	return "configuration:\n  " + strings.Join(e.Faults, "\n  ")
}

func (e *ConfigError) add(format string, args ...any) {
	e.Faults = append(e.Faults, fmt.Sprintf(format, args...))
}

// Load reads the configuration from environ ("NAME=value" lines) and checks
// it. The error is a *ConfigError that holds every fault. An empty variable
// counts as not set.
func Load(environ []string) (*Config, error) { return load(environ, true) }

// LoadForStores is Load for commands that only need the stores: the master key
// may be missing.
func LoadForStores(environ []string) (*Config, error) { return load(environ, false) }

func load(environ []string, withKeys bool) (*Config, error) {
	var faults ConfigError
	vars := readEnviron(environ, &faults)
	c := parse(vars, &faults)
	_, listenSet := vars["GATEHOUSE_LISTEN"]
	_, issuerSet := vars["GATEHOUSE_ISSUER"]
	if c.Port != "" && !listenSet {
		c.Listen = ":" + c.Port
	}
	c.fixed = fixedSettings(vars)
	c.mayMovePort = !issuerSet && !listenSet && c.Port == ""
	c.check(withKeys, &faults)
	if len(faults.Faults) > 0 {
		return nil, &faults
	}
	return c, nil
}

// parse fills a Config. A variable that cannot be read is reported, removed
// from vars and left at its default, so that the rest can still be judged.
func parse(vars map[string]string, faults *ConfigError) *Config {
	c := new(Config)
	err := env.ParseWithOptions(c, env.Options{Environment: vars})
	if err == nil {
		return c
	}
	for _, name := range reportParse(err, faults) {
		delete(vars, name)
	}
	c = new(Config)
	if err := env.ParseWithOptions(c, env.Options{Environment: vars}); err != nil {
		faults.add("%v", err)
	}
	return c
}

// readEnviron turns the environment into a map without the empty variables,
// with each _FILE twin replaced by what its file holds.
func readEnviron(environ []string, faults *ConfigError) map[string]string {
	vars := map[string]string{}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok && value != "" {
			vars[name] = value
		}
	}
	reportUnknown(vars, faults)
	for _, name := range secretNames() {
		path, ok := vars[name+"_FILE"]
		if !ok {
			continue
		}
		if vars[name] != "" {
			faults.add("%s and %s_FILE are both set; use one", name, name)
			continue
		}
		text, err := readSecretFile(path)
		if err != nil {
			faults.add("%s_FILE: %v", name, err)
			continue
		}
		vars[name] = text
	}
	return vars
}

const maxSecretFile = 64 << 10

func readSecretFile(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file", path)
	case info.Size() > maxSecretFile:
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxSecretFile)
	}
	b, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}

// reportParse words the library's findings with the variable's name and what
// it wants, and returns the names.
func reportParse(err error, faults *ConfigError) []string {
	var all env.AggregateError
	if !errors.As(err, &all) {
		faults.add("%v", err)
		return nil
	}
	var names []string
	for _, one := range all.Errors {
		var p env.ParseError
		if !errors.As(one, &p) {
			faults.add("%v", one)
			continue
		}
		name := variableOf(p.Name)
		faults.add("%s %s", name, wanted(p))
		names = append(names, name)
	}
	return names
}

func wanted(p env.ParseError) string {
	switch p.Type {
	case reflect.TypeFor[time.Duration]():
		return "must be a duration such as 90s, 10m or 12h"
	case reflect.TypeFor[int]():
		return "must be a whole number"
	case reflect.TypeFor[bool]():
		return "must be true or false"
	}
	return p.Err.Error()
}

// variableOf is the environment variable of a field of Config.
func variableOf(field string) string {
	f, ok := reflect.TypeFor[Config]().FieldByName(field)
	if !ok {
		return field
	}
	return f.Tag.Get("env")
}

// variables lists the fields of Config that come from the environment.
func variables() iter.Seq2[string, reflect.StructField] {
	return func(yield func(string, reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
			if name := f.Tag.Get("env"); name != "" && !yield(name, f) {
				return
			}
		}
	}
}

// secretNames lists the variables that carry a secret: each has a _FILE twin
// that names a file to read it from.
func secretNames() []string {
	var names []string
	for name, f := range variables() {
		if f.Type == reflect.TypeFor[idp.Secret]() {
			names = append(names, name)
		}
	}
	return names
}
