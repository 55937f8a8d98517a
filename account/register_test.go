package account_test

import (
	"errors"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

func TestRegisterIsClosedUnlessSaid(t *testing.T) {
	p := newPeople(t, nil)
	register := func() error {
		_, err := p.users.Register(t.Context(), &idp.User{Username: "ada"}, goodPassword)
		return err
	}
	for _, signup := range []string{idp.SignupClosed, "", "Open", "true"} {
		p.settings.Signup = signup
		if err := register(); !errors.Is(err, account.ErrSignupClosed) {
			t.Errorf("%q: %v", signup, err)
		}
	}
	if _, err := p.Users.UserByLogin(t.Context(), "ada"); !errors.Is(err, idp.ErrNotFound) {
		t.Fatalf("somebody is there: %v", err)
	}
	p.settings.Signup = idp.SignupOpen // as an administrator changes it while we run
	if err := register(); err != nil {
		t.Error(err)
	}
}

// Whatever a stranger sends, it is an account with no power and nothing proved.
func TestRegisterGivesNothing(t *testing.T) {
	p := newPeople(t, nil)
	p.settings.Signup = idp.SignupOpen
	p.add(t, "root", idp.RoleAdmin)
	asked := &idp.User{
		ID: "8f14e45f-ceea-467f-a0d0-7a1c3f3f3f3f", Username: " Ada ", Email: "Ada@Example.com", Name: "Ada",
		Roles: []string{idp.RoleAdmin}, Permissions: idp.Permissions{Admin: true}, Status: idp.UserDisabled,
		EmailVerified: true, PhoneNumberVerified: true, PasswordHash: "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$LEgS8JmSDr9kRyqSR0AgIfsjrhBLrzcwZ6L/ZpA4X9A",
		ExpiresAt: ptr(time.Now().Add(time.Hour)), DeleteAt: ptr(time.Now()), FailedAuthCount: 3, LastLoginAt: ptr(time.Now()),
	}
	made, err := p.users.Register(t.Context(), asked, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	stored := p.stored(t, "ada")
	for _, u := range []*idp.User{made, stored} {
		if len(u.Roles) != 1 || u.Roles[0] != idp.RoleUser || u.Permissions.Any() || u.Status != idp.UserActive || u.ID == asked.ID {
			t.Errorf("%+v", u)
		}
		if u.EmailVerified || u.PhoneNumberVerified || u.ExpiresAt != nil || u.DeleteAt != nil || u.FailedAuthCount != 0 || u.LastLoginAt != nil {
			t.Errorf("%+v", u)
		}
		if u.Name != "Ada" || u.Email != "ada@example.com" || u.PasswordHash == asked.PasswordHash {
			t.Errorf("%+v", u)
		}
	}
	if asked.Username != " Ada " || asked.Roles[0] != idp.RoleAdmin {
		t.Error("what was given was written to")
	}
	if err := p.try(t, "ada", goodPassword, 1); err != nil {
		t.Error(err)
	}
}

func TestRegisterRefuses(t *testing.T) {
	p := newPeople(t, nil)
	p.settings.Signup, p.settings.PasswordMinLength = idp.SignupOpen, 15
	p.add(t, "taken")
	for name, c := range map[string]struct {
		u        idp.User
		password string
		fields   []string // of *idp.InvalidError; none for a conflict
	}{
		"all faults at once":   {idp.User{Username: "a b", Website: "javascript:x"}, "short", []string{"username", "website", "password"}},
		"no password":          {idp.User{Username: "ada"}, "", []string{"password"}},
		"as long as assigned":  {idp.User{Username: "ada"}, "k7#mQz!x2L", []string{"password"}},
		"below the setting":    {idp.User{Username: "ada"}, "k7#mQz!x2Lw@9v", []string{"password"}},
		"a hash, no password":  {idp.User{Username: "ada", PasswordHash: "pbkdf2:sha1:1$s$0"}, "", []string{"password"}},
		"username taken":       {idp.User{Username: "TAKEN"}, goodPassword, nil},
		"email as a username":  {idp.User{Username: "taken@example.com"}, goodPassword, []string{"username"}},
		"its own username":     {idp.User{Username: "countess.of.lovelace"}, "countess.of.lovelace", []string{"password"}},
		"a control character ": {idp.User{Username: "ada"}, "violet\x00engine tea", []string{"password"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.users.Register(t.Context(), &c.u, c.password)
			var invalid *idp.InvalidError
			var conflict *idp.ConflictError
			if len(c.fields) == 0 {
				if !errors.As(err, &conflict) {
					t.Fatalf("answer is %v", err)
				}
				return
			}
			if !errors.As(err, &invalid) || len(invalid.Faults) != len(c.fields) {
				t.Fatalf("answer is %v", err)
			}
			for i, f := range invalid.Faults {
				if f.Field != c.fields[i] || f.Format == "" {
					t.Errorf("%+v, want one on %s that can be translated", f, c.fields[i])
				}
			}
		})
	}
	if _, err := p.Users.UserByLogin(t.Context(), "ada"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("somebody is there: %v", err)
	}
}

func TestCreateMany(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "taken")
	const werkzeug = "pbkdf2:sha1:1000$Gi0aQzQVEnumq9xF$704b8f6b348aa72a675ce1437b7286cfec3efc61"
	us := []*idp.User{
		{Username: "One", PasswordHash: werkzeug, Roles: []string{idp.RoleAdmin, idp.RoleUser}},
		{Username: "taken"},
		{Username: "bad name"},
		{Username: "two", Email: "one@example.com"},
		{Username: "three", PasswordHash: "plain text"},
		{Username: "four", Roles: []string{"Nobody made it"}},
		{Username: "five", Roles: []string{"missing"}},
	}
	made, errs, err := p.users.CreateMany(t.Context(), us)
	if err != nil || len(made) != len(us) || len(errs) != len(us) {
		t.Fatalf("%d made, %d errors, %v", len(made), len(errs), err)
	}
	for i, u := range us {
		if fine := i == 0 || i == 3; fine != (errs[i] == nil) || fine != (made[i] != nil) {
			t.Errorf("%s: %v, %v", u.Username, made[i], errs[i])
		}
	}
	if u := p.stored(t, "one"); u.ID != made[0].ID || !u.Permissions.Admin || !made[0].Permissions.Admin || u.Status != idp.UserActive {
		t.Errorf("%+v", u)
	}
	if u := p.stored(t, "one@example.com"); u.Username != "two" || len(u.Roles) != 1 || u.Roles[0] != idp.RoleUser {
		t.Errorf("%+v", u)
	}
	if err := p.try(t, "one", "Tür & Tor 42", 1); err != nil {
		t.Error(err)
	}
	if u := p.stored(t, "one"); u.PasswordHash == werkzeug || p.passwords.NeedsRehash(u.PasswordHash) {
		t.Errorf("not renewed at the sign-in: %s", u.PasswordHash)
	}
	if _, _, err := p.users.CreateMany(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
