package settings

import (
	"encoding/json"
	"testing"

	"gatehouse/idp"
)

// Whatever is given for a setting, it is refused with a fault on that setting,
// or kept and written as it can be read again; other settings stay.
func FuzzPut(f *testing.F) {
	for _, seed := range [][2]string{
		{"access_token_ttl", `"10m"`},
		{"access_token_ttl", `600`},
		{"signup", `"open"`},
		{"password_min_length", `1e1`},
		{"product_name", `"\u0000 x"`},
		{"logo", `{"a":[]}`},
		{"Signup", `"x"`},
		{"accent", `"a","signup":"open"`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		before := idp.DefaultSettings()
		after := before
		if faults := put(&after, name, json.RawMessage(value)); len(faults) > 0 {
			if after != before || faults[0].Field != name {
				t.Fatalf("refused with %v, and yet %+v", faults, after)
			}
			return
		}
		again := before
		if faults := put(&again, name, Encode(after)[name]); len(faults) > 0 || again != after {
			t.Fatalf("%s is written as %s, which reads as %+v (%v)", value, Encode(after)[name], again, faults)
		}
	})
}
