package idp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestSettingsJSON(t *testing.T) {
	s := idp.DefaultSettings()
	s.SessionTTL, s.AuditRetention = 90*time.Second, 0
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"access_token_ttl":"10m"`, `"refresh_token_max_ttl":"2160h"`, `"session_ttl":"1m30s"`, `"audit_retention":"0s"`,
		`"password_min_length":12`, `"product_name":"Gatehouse"`,
	} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("%s does not have %s once", text, want)
		}
	}
	var back idp.Settings
	if err := json.Unmarshal(text, &back); err != nil || back != s {
		t.Errorf("%+v, want %+v (%v)", back, s, err)
	}
	// What is missing stays.
	if err := json.Unmarshal([]byte(`{"signup":"open","session_ttl":"2h"}`), &back); err != nil {
		t.Fatal(err)
	}
	s.Signup, s.SessionTTL = idp.SignupOpen, 2*time.Hour
	if back != s {
		t.Errorf("%+v, want %+v", back, s)
	}
	for _, bad := range []string{`{"session_ttl":600}`, `{"session_ttl":"soon"}`, `{"signup":1}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
