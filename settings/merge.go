package settings

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"

	"gatehouse/idp"
)

// partnerOf names the setting that can be at fault where another one is found
// to be: a life without use must not be longer than the absolute one.
func partnerOf(name string) string {
	switch name {
	case "refresh_token_ttl":
		return "refresh_token_max_ttl"
	case "session_ttl":
		return "session_max_ttl"
	}
	return ""
}

var imageID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// faults judges all settings together.
func (s *Service) faults(all *idp.Settings) []idp.Fault {
	var found []idp.Fault
	var invalid *idp.InvalidError
	if errors.As(all.Validate(), &invalid) {
		found = invalid.Faults
	}
	badForm := slices.ContainsFunc(found, func(f idp.Fault) bool { return f.Field == "accent" })
	if all.Accent != "" && !badForm && s.o.CheckAccent != nil && s.o.CheckAccent(all.Accent) != nil {
		found = append(found, idp.NewFault("accent", "does not stand out enough from its backgrounds; try a darker one"))
	}
	if all.Logo != "" && !imageID.MatchString(all.Logo) {
		found = append(found, idp.NewFault("logo", "is not a picture that was uploaded"))
	}
	return found
}

// merge lays what was saved over the base. A value that is not valid here, as
// when another version saved it or a variable was set since, is ignored.
func (s *Service) merge(stored *idp.StoredSettings) (merged idp.Settings, ignored []string) {
	values := map[string]json.RawMessage{}
	for name, value := range stored.Values {
		if value != nil && s.o.Fixed[name] == "" {
			values[name] = value
		}
	}
	for {
		merged = s.o.Base
		bad := map[string]bool{}
		for name, value := range values {
			if len(put(&merged, name, value)) > 0 {
				bad[name] = true
			}
		}
		for _, f := range s.faults(&merged) {
			if name := f.Field; values[name] != nil {
				bad[name] = true
			} else if p := partnerOf(name); values[p] != nil {
				bad[p] = true
			}
		}
		if len(bad) == 0 {
			slices.Sort(ignored)
			return merged, ignored
		}
		for name := range maps.Keys(bad) {
			delete(values, name)
			ignored = append(ignored, name)
		}
	}
}
