package settings

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"gatehouse/idp"
)

// Encode returns the settings as Save takes them: JSON values by JSON name,
// durations as text ("10m").
func Encode(s idp.Settings) map[string]json.RawMessage {
	text, _ := json.Marshal(s) // texts, numbers and durations always encode
	var out map[string]json.RawMessage
	_ = json.Unmarshal(text, &out) // we wrote it
	return out
}

// badForm is the fault of a value that cannot be read as the setting, and of a
// name that is no setting.
func badForm(name string) (fault idp.Fault, known bool) {
	for f := range reflect.TypeFor[idp.Settings]().Fields() {
		if f.Tag.Get("json") != name {
			continue
		}
		switch f.Type {
		case reflect.TypeFor[time.Duration]():
			return idp.NewFault(name, "must be a duration such as 90s, 10m or 12h"), true
		case reflect.TypeFor[int]():
			return idp.NewFault(name, "must be a whole number"), true
		}
		return idp.NewFault(name, "must be text"), true
	}
	return idp.NewFault(name, "is not a setting"), false
}

// put sets one setting from its JSON value, or returns what is wrong with it.
func put(s *idp.Settings, name string, value json.RawMessage) []idp.Fault {
	fault, known := badForm(name)
	if !known {
		return []idp.Fault{fault}
	}
	one, err := json.Marshal(map[string]json.RawMessage{name: value})
	changed := *s
	if err == nil {
		err = json.Unmarshal(one, &changed)
	}
	if err != nil || isNull(value) {
		return []idp.Fault{fault}
	}
	changed.ProductName = strings.TrimSpace(changed.ProductName)
	*s = changed
	return nil
}

// isNull reports whether the value is JSON null, or none at all.
func isNull(value json.RawMessage) bool {
	return len(value) == 0 || strings.TrimSpace(string(value)) == "null"
}
