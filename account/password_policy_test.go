package account

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/idp"
)

func TestPolicy(t *testing.T) {
	u := &idp.User{Username: "ada.lovelace", Email: "countess@example.com"}
	for name, c := range map[string]struct {
		password string
		fault    string // a part of it, "" for none
	}{
		"good":                    {"violet engine tea", ""},
		"long":                    {strings.Repeat("violet engine ", 60), ""},
		"letters of a script":     {"парольнаязима77", ""},
		"spaces kept":             {"  violet engine ", ""},
		"empty":                   {"", "is required"},
		"short":                   {"violet tea!", "at least 12"},
		"counted in characters":   {"éééàààüüüöö", "at least 12"},
		"too long":                {strings.Repeat("x", 1025), "at most 1024 bytes"},
		"NUL":                     {"violet\x00engine tea", "cannot be used"},
		"tab":                     {"violet\tengine tea", "cannot be used"},
		"invalid UTF-8":           {"violet\xffengine tea", "cannot be used"},
		"username":                {"Ada.Lovelace", "username"},
		"username and year":       {"ada.lovelace1815!", "username"},
		"email":                   {"Countess@Example.com", "email"},
		"before the @":            {"**countess2026**", "username"},
		"common":                  {"administrator", "tried first"},
		"common, decorated":       {"Password2026!", "tried first"},
		"common with digits":      {"1q2w3e4r5t6y", "tried first"},
		"common, letters in case": {"QwertyUiop[]", "tried first"},
		"one letter":              {"aaaaaaaaaaaaaaa", "too simply"},
		"in turns":                {"abcabcabcabcabc", "too simply"},
		"up":                      {"123456789012345", "too simply"},
		"down":                    {"zyxwvutsrqpon", "too simply"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Policy{}.Check(c.password, u)
			if c.fault == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var invalid *idp.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("answer is %v", err)
			}
			for _, f := range invalid.Faults {
				if f.Field != "password" {
					t.Errorf("fault on %q", f.Field)
				}
				if strings.Contains(f.Message, c.fault) {
					return
				}
			}
			t.Fatalf("faults are %v", invalid.Faults)
		})
	}
}

func TestPolicyReportsEveryFault(t *testing.T) {
	var invalid *idp.InvalidError
	if err := (Policy{}).Check("password", nil); !errors.As(err, &invalid) || len(invalid.Faults) != 2 {
		t.Fatalf("answer is %v", err)
	}
}

func TestPolicyLengths(t *testing.T) {
	for name, c := range map[string]struct {
		policy           Policy
		chosen, assigned int
	}{
		"default":    {Policy{}, 12, 8},
		"configured": {Policy{MinLength: 15}, 15, 8},
		"too weak":   {Policy{MinLength: 1}, 8, 8},
	} {
		t.Run(name, func(t *testing.T) {
			const text = "k7#mQz!x2Lw@9vRt"
			for n := range len(text) {
				if got, want := c.policy.Check(text[:n], nil) == nil, n >= c.chosen; got != want {
					t.Errorf("chosen, %d characters: %v", n, got)
				}
				if got, want := c.policy.CheckAssigned(text[:n], nil) == nil, n >= c.assigned; got != want {
					t.Errorf("assigned, %d characters: %v", n, got)
				}
			}
		})
	}
}

func TestCommonPasswordsAreUsable(t *testing.T) {
	seen := map[string]bool{}
	for line := range strings.Lines(commonPasswords) {
		word := strings.TrimSuffix(line, "\n")
		if seen[word] || word != strings.ToLower(word) || len(word) < LeastMinLength {
			t.Errorf("%q is in the list in vain", word)
		}
		seen[word] = true
	}
}

func TestGeneratePassword(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for range 500 {
		p := GeneratePassword()
		if seen[p] || len(p) != 23 || strings.Count(p, "-") != 3 {
			t.Fatalf("%q", p)
		}
		seen[p] = true
		if err := (Policy{}).Check(p, nil); err != nil {
			t.Fatalf("%q: %v", p, err)
		}
		for _, r := range strings.ReplaceAll(p, "-", "") {
			letters[r] = true
		}
	}
	if len(letters) != 32 { // five bits each, twenty of them: 100 bits
		t.Errorf("%d letters are used", len(letters))
	}
	for r := range letters {
		if strings.ContainsRune("lo01", r) {
			t.Errorf("%q is easily mistaken", r)
		}
	}
}
