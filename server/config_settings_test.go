package server

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"gatehouse/idp"
)

// Nothing set means nothing fixed, and the defaults of the two lists of them are one.
func TestSettingsWithoutVariables(t *testing.T) {
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.fixed) > 0 || c.settings() != idp.DefaultSettings() {
		t.Errorf("fixed %v, settings %+v, want none and %+v", c.fixed, c.settings(), idp.DefaultSettings())
	}
}

// Each setting can be fixed, by a variable that there is.
func TestSettingVariables(t *testing.T) {
	names := settingVariables()
	for field := range reflect.TypeFor[idp.Settings]().Fields() {
		setting := field.Tag.Get("json")
		if setting == "logo" { // a picture is uploaded
			continue
		}
		if names[setting] == "" || !slices.Contains(knownNames(), names[setting]) {
			t.Errorf("%s: variable %q", setting, names[setting])
		}
	}
}

func TestVariablesFixSettings(t *testing.T) {
	c, err := Load([]string{"GATEHOUSE_SIGNUP=open", "GATEHOUSE_SESSION_TTL=1h", "GATEHOUSE_BRAND_ACCENT=", "GATEHOUSE_AUDIT_RETENTION=0s"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"signup": "the variable GATEHOUSE_SIGNUP", "session_ttl": "the variable GATEHOUSE_SESSION_TTL",
		"audit_retention": "the variable GATEHOUSE_AUDIT_RETENTION",
	}
	if !reflect.DeepEqual(c.fixed, want) {
		t.Errorf("fixed %v, want %v", c.fixed, want)
	}
	text, err := json.Marshal(c.settings())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got["signup"] != "open" || got["session_ttl"] != "1h" || got["audit_retention"] != "0s" {
		t.Errorf("settings %s", text)
	}
}
