package idp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// faulty fails unless the error names exactly the fields, in any order and
// each as often as it has faults.
func faulty(t *testing.T, err error, fields ...string) {
	t.Helper()
	var got []string
	var invalid *idp.InvalidError
	if errors.As(err, &invalid) {
		for _, f := range invalid.Faults {
			got = append(got, f.Field)
		}
	} else if err != nil {
		t.Fatalf("error is %v, want *idp.InvalidError", err)
	}
	slices.Sort(got)
	slices.Sort(fields)
	if !slices.Equal(got, fields) {
		t.Errorf("faults of %q, want %q: %v", got, fields, err)
	}
}

func TestUserValidate(t *testing.T) {
	long := strings.Repeat("é", idp.MaxClaim)
	for name, c := range map[string]struct {
		change func(*idp.User)
		faults []string
	}{
		"bare":                     {func(*idp.User) {}, nil},
		"no username":              {func(u *idp.User) { u.Username = "" }, []string{"username"}},
		"username of the limit":    {func(u *idp.User) { u.Username = strings.Repeat("é", idp.MaxUsername) }, nil},
		"username over the limit":  {func(u *idp.User) { u.Username = strings.Repeat("é", idp.MaxUsername+1) }, []string{"username"}},
		"username with a space":    {func(u *idp.User) { u.Username = "ada l" }, []string{"username"}},
		"username with NUL":        {func(u *idp.User) { u.Username = "ada\x00" }, []string{"username"}},
		"username not UTF-8":       {func(u *idp.User) { u.Username = "ada\xff" }, []string{"username"}},
		"own address as username":  {func(u *idp.User) { u.Username, u.Email = "a@example.com", "a@example.com" }, nil},
		"other's address as such":  {func(u *idp.User) { u.Username, u.Email = "b@example.com", "a@example.com" }, []string{"username"}},
		"email without a host":     {func(u *idp.User) { u.Email = "ada@" }, []string{"email"}},
		"email with a name":        {func(u *idp.User) { u.Email = "Ada <ada@example.com>" }, []string{"email"}},
		"email over the limit":     {func(u *idp.User) { u.Email = "ada@" + strings.Repeat("e", idp.MaxEmail) }, []string{"email"}},
		"claim of the limit":       {func(u *idp.User) { u.Name = long }, nil},
		"claim over the limit":     {func(u *idp.User) { u.Name = long + "é" }, []string{"name"}},
		"claim of two lines":       {func(u *idp.User) { u.Name = "Ada\nLovelace" }, []string{"name"}},
		"claim not UTF-8":          {func(u *idp.User) { u.Nickname = "\xed\xa0\x80" }, []string{"nickname"}},
		"script as picture":        {func(u *idp.User) { u.Picture = "javascript:alert(1)" }, []string{"picture"}},
		"path as website":          {func(u *idp.User) { u.Website = "//example.com" }, []string{"website"}},
		"port as profile":          {func(u *idp.User) { u.Profile = "https://:443/" }, []string{"profile"}},
		"web address as profile":   {func(u *idp.User) { u.Profile = "http://example.com/ada" }, nil},
		"birthdate":                {func(u *idp.User) { u.Birthdate = "1815-12-10" }, nil},
		"birth year":               {func(u *idp.User) { u.Birthdate = "1815" }, nil},
		"birthdate in words":       {func(u *idp.User) { u.Birthdate = "10 December 1815" }, []string{"birthdate"}},
		"zone":                     {func(u *idp.User) { u.Zoneinfo = "Europe/London" }, nil},
		"zone of this machine":     {func(u *idp.User) { u.Zoneinfo = "Local" }, []string{"zoneinfo"}},
		"zone that is a file":      {func(u *idp.User) { u.Zoneinfo = "../../etc/passwd" }, []string{"zoneinfo"}},
		"role that is no name":     {func(u *idp.User) { u.Roles = []string{"User", "a b"} }, []string{"roles"}},
		"status":                   {func(u *idp.User) { u.Status = "locked" }, []string{"status"}},
		"all faults at once":       {func(u *idp.User) { u.Username, u.Status, u.Locale = "", "", "\t" }, []string{"username", "status", "locale"}},
		"address of lines":         {func(u *idp.User) { u.Address.Formatted = "12 St James's Square\nLondon" }, nil},
		"address of the limit":     {func(u *idp.User) { u.Address.Formatted = long + long }, nil},
		"address over the limit":   {func(u *idp.User) { u.Address.Formatted = long + long + "é" }, []string{"address.formatted"}},
		"address with a tab":       {func(u *idp.User) { u.Address.Formatted = "a\tb" }, []string{"address.formatted"}},
		"address with NUL":         {func(u *idp.User) { u.Address.Formatted = "a\x00b" }, []string{"address.formatted"}},
		"address with a lone CR":   {func(u *idp.User) { u.Address.Formatted = "a\rb" }, []string{"address.formatted"}},
		"address not UTF-8":        {func(u *idp.User) { u.Address.Formatted = "a\xffb" }, []string{"address.formatted"}},
		"UTF-8 split by a newline": {func(u *idp.User) { u.Address.Formatted = "\xc3\n\xa9" }, []string{"address.formatted"}},
		"street of two lines":      {func(u *idp.User) { u.Address.StreetAddress = "a\nb" }, []string{"address.street_address"}},
	} {
		t.Run(name, func(t *testing.T) {
			u := &idp.User{Username: "ada", Status: idp.UserActive}
			c.change(u)
			faulty(t, u.Validate(), c.faults...)
		})
	}
}

func TestUserNormalize(t *testing.T) {
	u := &idp.User{
		Username: " Ada ", Email: "\tAda@Example.com\n", Name: " Ada Lovelace ",
		Address: idp.Address{Formatted: "\r\n12 St James's Square\r\nLondon\n", Country: " UK "},
	}
	u.Normalize()
	want := idp.User{
		Username: "ada", Email: "ada@example.com", Name: "Ada Lovelace", Status: idp.UserActive,
		Address: idp.Address{Formatted: "12 St James's Square\nLondon", Country: "UK"},
	}
	if u.Username != want.Username || u.Email != want.Email || u.Name != want.Name || u.Status != want.Status || u.Address != want.Address {
		t.Errorf("%+v", u)
	}
	faulty(t, u.Validate())

	u.Status = idp.UserDisabled
	if u.Normalize(); u.Status != idp.UserDisabled {
		t.Error("a disabled user was enabled")
	}
}

func TestUserMayAuthenticate(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		status idp.UserStatus
		until  time.Duration // 0 means no end
		want   bool
	}{
		"active":          {idp.UserActive, 0, true},
		"before its end":  {idp.UserActive, time.Nanosecond, true},
		"after its end":   {idp.UserActive, -time.Nanosecond, false},
		"disabled":        {idp.UserDisabled, 0, false},
		"no known status": {"", 0, false},
	} {
		u := &idp.User{Status: c.status}
		if c.until != 0 {
			end := now.Add(c.until)
			u.ExpiresAt = &end
		}
		if got := u.MayAuthenticate(now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if (&idp.User{Status: idp.UserActive, ExpiresAt: &now}).MayAuthenticate(now) {
		t.Error("at its very end the account still works")
	}
}

func TestRoleValidate(t *testing.T) {
	for _, name := range []string{"Admin", "a", "books:read", "Ops.on-call_2", strings.Repeat("r", 64)} {
		faulty(t, (&idp.Role{Name: name}).Validate())
	}
	for _, name := range []string{"", " ", "a b", ":a", "a\n", "é", "new", strings.Repeat("r", 65)} {
		faulty(t, (&idp.Role{Name: name}).Validate(), "name")
	}
	faulty(t, (&idp.Role{Name: "a", Description: "\x00"}).Validate(), "description")
}

func TestStillIs(t *testing.T) {
	now := time.Unix(1e9, 0)
	changed, again := now.Add(-time.Hour), now.Add(-time.Minute)
	then := &idp.User{ID: "a", Status: idp.UserActive, LastChangeAt: &changed}
	for name, c := range map[string]struct {
		user idp.User
		want bool
	}{
		"the same":         {idp.User{ID: "a", Status: idp.UserActive, LastChangeAt: new(changed.UTC())}, true},
		"another person":   {idp.User{ID: "b", Status: idp.UserActive, LastChangeAt: &changed}, false},
		"disabled":         {idp.User{ID: "a", Status: idp.UserDisabled, LastChangeAt: &changed}, false},
		"expired":          {idp.User{ID: "a", Status: idp.UserActive, LastChangeAt: &changed, ExpiresAt: &again}, false},
		"another password": {idp.User{ID: "a", Status: idp.UserActive, LastChangeAt: &again}, false},
		"no password":      {idp.User{ID: "a", Status: idp.UserActive}, false},
	} {
		if got := c.user.StillIs(then, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
