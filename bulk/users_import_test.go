package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gatehouse/bulk"
	"gatehouse/idp"
)

// Hashes of one password as other systems made them.
const hashed = "Tür & Tor 42"

func foreignHashes() map[string]string {
	return map[string]string{
		"argon2id":             `$argon2id$v=19$m=64,t=1,p=1$D7iSuJccQLhM1nRqaGP/Ew$Gal09N/EgJFFB7HofPmd5xnjshH9M20PBW7fUBfcklg`,
		"argon2i":              `$argon2i$v=19$m=64,t=1,p=1$KPYc08oZwLCd5/hd2wvefA$RH4A3JLW2+Tde/8is/Gy+3BMO6GijjqHLoG3dmLI8rk`,
		"bcrypt":               `$2b$04$KqSIu99KUD6qIvehnevyOu9RTw1.OWXcvB/xIbbJ9u2VRnxmkQJfO`,
		"scrypt":               `$scrypt$ln=10,r=8,p=1$vdcaQwiBMMaYkxKCsFZqTQ$uSDmuNY+fGMvYDzJWy62//9MtDZKpwWMAz7ELSU9FTE`,
		"pbkdf2":               `$pbkdf2-sha256$1000$9p6ztnbu/T.ntNZ6L4VQag$IK5n0tge9aLIRhCiltBi.zt3UOjDJbjnJWzT1EyUAVQ`,
		"werkzeug-pbkdf2":      `pbkdf2:sha256:1000$oQNxkLLMdmnqaPPL$378167f491d3c3fbe05d7feb521788ad64fdc3251db338030b3a2fe9eb156761`,
		"django-pbkdf2":        `pbkdf2_sha256$1000$c2VhIHNhbHQ$mYRzXPSbg6u2Ato1ojAL5NndpjLeV3s+GUUDc3JUdQk=`,
		"django-scrypt":        `scrypt$1024$saltsaltsalt$8$1$k7mBRs2HMBLBlQD2REJ6xiX/VRZ0ysEei+4s8G/Q6nYAIWreZe3+MoCzi/U2PTTd/wgBAfUmL0KL/L4ElS60GQ==`,
		"django-argon2":        `argon2$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$LEgS8JmSDr9kRyqSR0AgIfsjrhBLrzcwZ6L/ZpA4X9A`,
		"django-bcrypt-sha256": `bcrypt_sha256$$2b$04$Ef0HK6Yof0jkf/haoMXUeeSZO3lh6lti17zf8WrXmeIo8UWHaV3fC`,
		"django-bcrypt":        `bcrypt$$2b$04$UgTjCho8kHIUaqobRGqpdek2/AOIZbDTa/st55yuMVb2Ed8fuuHsG`,
		"werkzeug-scrypt":      `scrypt:1024:8:2$V876g5HlFFJadKEd$dc168626bba0e833d8b4ebc72b5bfef865204c5e45476b3bdb8bd1d70b2ea3bc2a62ae305fcb5711b98e79d2aaf74f435a1916292b93d10547eb2995314f85e2`,
	}
}

func TestImportedHashesSignIn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		csv, lines := "username,password_hash\n", ""
		for form, hash := range foreignHashes() {
			csv += fmt.Sprintf("csv-%s,\"%s\"\n", form, hash)
			lines += fmt.Sprintf("{\"username\": \"json-%s\", \"password_hash\": %q}\n", form, hash)
		}
		n := len(foreignHashes())
		counts(t, h.take(t, csv, bulk.ImportOptions{}), n, 0, 0)
		counts(t, h.take(t, lines, bulk.ImportOptions{Format: bulk.FormatJSONL}), n, 0, 0)
		for form := range foreignHashes() {
			for _, name := range []string{"csv-" + form, "json-" + form} {
				if !h.signsIn(t, name, hashed) || h.signsIn(t, name, "another password") {
					t.Errorf("%s does not sign in with its password alone", name)
				}
			}
		}
		if got := h.events(t, idp.ActionUserCreate); got != 2*n {
			t.Errorf("%d events tell of %d people", got, 2*n)
		}
	})
}

const mixed = `username,email,roles,status,email_verified,expires_at,password_hash,birthdate
ada,ada@example.com,User editor,active,true,2131-12-31T23:59:59Z,$2b$04$KqSIu99KUD6qIvehnevyOu9RTw1.OWXcvB/xIbbJ9u2VRnxmkQJfO,1815-12-10
,nobody@example.com,,,,,,
bob,bob at example,,,,,,yesterday
carol,carol@example.com,,locked,perhaps,tomorrow,,
dan,dan@example.com
erin,erin@example.com,,,,,!unusable,
frank,frank@example.com,bad/role,,,,,
ADA,other@example.com,,,,,,
grace,ADA@example.com,,,,,,
Heidi,heidi@example.com,ghosts,disabled,,,,nonsense
ivan,ivan@example.com,"ops, User",disabled,0,,,
`

// Rows that fail are told by line and field, the rest go in.
func TestImportTellsWhatFails(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		r := h.take(t, mixed, bulk.ImportOptions{})
		counts(t, r, 2, 0, 9)
		want := map[int][]string{
			3: {"username"},
			4: {"birthdate", "email"}, 5: {"email_verified", "expires_at"}, 6: {""}, 7: {"password_hash"},
			8: {"roles", "roles"}, 9: {"username"}, 10: {"email"}, 11: {"birthdate"},
		}
		for _, f := range r.Failures {
			var fields []string
			for _, fault := range f.Faults {
				fields = append(fields, fault.Field)
			}
			slices.Sort(fields)
			if !slices.Equal(fields, want[f.Line]) {
				t.Errorf("line %d (%s): faults of %q, want %q: %v", f.Line, f.Username, fields, want[f.Line], f.Faults)
			}
			delete(want, f.Line)
		}
		for line := range want {
			t.Errorf("line %d is not told of", line)
		}
		all := h.everybody(t)
		ada, ivan := all["ada"], all["ivan"]
		if len(all) != 2 || ada == nil || ivan == nil {
			t.Fatalf("there are %v", all)
		}
		if !slices.Equal(ada.Roles, []string{"User", "editor"}) || !ada.EmailVerified || ada.ExpiresAt.Year() != 2131 || ada.Birthdate != "1815-12-10" {
			t.Errorf("ada: %+v", ada)
		}
		if ivan.Status != idp.UserDisabled || !slices.Contains(ivan.Roles, "ops") || ivan.EmailVerified {
			t.Errorf("ivan: %+v", ivan)
		}
		slices.Sort(r.NewRoles)
		if !slices.Equal(r.NewRoles, []string{"User", "editor", "ops"}) {
			t.Errorf("new roles: %q", r.NewRoles)
		}
		if _, err := h.roles.Find(t.Context(), "ghosts"); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("the role of a row that failed is there: %v", err)
		}
	})
}

// A dry run tells of the roles that would be made, so that a misspelt one is seen.
func TestDryRunTellsNewRoles(t *testing.T) {
	h := newHouse(t)
	if _, err := h.roles.Create(t.Context(), &idp.Role{Name: "ops"}); err != nil {
		t.Fatal(err)
	}
	r := h.take(t, "username,roles\nada,User ops edtior\ngrace,edtior\nbad name,ghosts\n", bulk.ImportOptions{DryRun: true})
	counts(t, r, 2, 0, 1)
	if !slices.Equal(r.NewRoles, []string{"edtior"}) {
		t.Errorf("new roles: %q", r.NewRoles)
	}
	if _, err := h.roles.Find(t.Context(), "edtior"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("a dry run made a role: %v", err)
	}
}

// Columns have the same names in both formats.
func TestOtherNamesOfColumns(t *testing.T) {
	h := newHouse(t)
	lines := `{"username": "ada", "hash": "", "role": "ops"}
{"username": "grace", "hash": "", "password_hash": ""}
`
	r := h.take(t, lines, bulk.ImportOptions{Format: bulk.FormatJSONL})
	counts(t, r, 1, 0, 1)
	if ada := h.everybody(t)["ada"]; ada == nil || !slices.Equal(ada.Roles, []string{"ops"}) {
		t.Errorf("ada: %+v", ada)
	}
	if f := r.Failures[0]; f.Line != 2 || f.Faults[0].Field != "hash" {
		t.Errorf("both names: %+v", f)
	}
}

func TestImportTwiceAddsNothing(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.take(t, mixed, bulk.ImportOptions{})
		before, events := h.everybody(t), h.events(t, "user.")
		for range 2 {
			r := h.take(t, mixed, bulk.ImportOptions{})
			counts(t, r, 0, 2, 9)
			if len(r.NewRoles) > 0 {
				t.Errorf("new roles: %q", r.NewRoles)
			}
		}
		for name, u := range h.everybody(t) {
			if before[name] == nil || !u.UpdatedAt.Equal(before[name].UpdatedAt) {
				t.Errorf("%s was changed", name)
			}
		}
		if got := h.events(t, "user."); got != events {
			t.Errorf("%d events more", got-events)
		}
	})
}

// A dry run reports what a run then does, and does nothing.
func TestDryRunForetells(t *testing.T) {
	h := newHouse(t)
	file := mixed + "ada,ada@example.com,,,,,,\njudy,,,,,,,\njudy,,,,,,,\njudy,judy@example.com,,,,,,\n"
	foretold := h.take(t, file, bulk.ImportOptions{DryRun: true})
	if all := h.everybody(t); len(all) > 0 || h.events(t, "") > 0 {
		t.Fatalf("a dry run made %v", all)
	}
	if _, err := h.roles.Find(t.Context(), "editor"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("a dry run made a role: %v", err)
	}
	for range 2 {
		done := h.take(t, file, bulk.ImportOptions{})
		counts(t, foretold, done.Added, done.There, done.Failed)
		if !slices.Equal(linesOf(foretold), linesOf(done)) {
			t.Errorf("foretold failures of lines %v, then %v", linesOf(foretold), linesOf(done))
		}
		foretold = h.take(t, file, bulk.ImportOptions{DryRun: true}) // of what is there by now
	}
}

func linesOf(r bulk.ImportReport) []int {
	var lines []int
	for _, f := range r.Failures {
		lines = append(lines, f.Line)
	}
	slices.Sort(lines)
	return lines
}

func TestPlaintextOnlyWhenAskedFor(t *testing.T) {
	h := newHouse(t)
	const file = "username,password,password_hash\nada,'=violet engine tea,\nbob,short,\ncarol,violet engine tea," +
		"$2b$04$KqSIu99KUD6qIvehnevyOu9RTw1.OWXcvB/xIbbJ9u2VRnxmkQJfO\ndan,,\n"
	r := h.take(t, file, bulk.ImportOptions{})
	counts(t, r, 1, 0, 3)
	if text := fmt.Sprint(r.Failures); strings.Contains(text, "violet") || !strings.Contains(text, "--allow-plaintext") {
		t.Errorf("told: %s", text)
	}
	counts(t, h.take(t, file, bulk.ImportOptions{AllowPlaintext: true, DryRun: true}), 1, 1, 2)
	counts(t, h.take(t, file, bulk.ImportOptions{AllowPlaintext: true}), 1, 1, 2)
	ada := h.everybody(t)["ada"]
	if ada == nil || !strings.HasPrefix(ada.PasswordHash, "$argon2id$") || !h.signsIn(t, "ada", "'=violet engine tea") {
		t.Errorf("ada cannot sign in: %+v", ada)
	}
	if h.signsIn(t, "dan", "") {
		t.Error("who has no password signs in without")
	}
	counts(t, h.take(t, file, bulk.ImportOptions{AllowPlaintext: true}), 0, 2, 2)
}

// A file that cannot be read says where; what stood before is in.
func TestUnreadableFiles(t *testing.T) {
	for name, c := range map[string]struct {
		format, file, want string
		added              int
	}{
		"empty":               {bulk.FormatCSV, "", "empty", 0},
		"no username":         {bulk.FormatCSV, "email\na@example.com\n", "no column username", 0},
		"unknown column":      {bulk.FormatCSV, "username,colour\nada,red\n", `"colour" is unknown`, 0},
		"column twice":        {bulk.FormatCSV, "username,Username\nada,bob\n", "twice", 0},
		"column by two names": {bulk.FormatCSV, "username,hash,password_hash\nada,,\n", "twice", 0},
		"quote in a cell":     {bulk.FormatCSV, "username,name\nada,A\nbob,B \"x\" y\ncarol,C\n", "line 3", 1},
		"quote at a start":    {bulk.FormatCSV, "username,name\nada,A\n\"bob\"x,B\ncarol,C\n", "line 3", 1},
		"quote without end":   {bulk.FormatCSV, "username,name\nada,A\nbob,\"B\ncarol,C\n", "line", 1},
		"quote in the head":   {bulk.FormatCSV, "user\"name\nada\n", "line 1", 0},
		"endless line":        {bulk.FormatJSONL, "{\"username\":\"ada\"}\n" + strings.Repeat("x", 2<<20), "longer than", 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r, err := (&bulk.Importer{Users: h.users, Roles: h.roles}).Run(t.Context(), strings.NewReader(c.file), bulk.ImportOptions{Format: c.format})
			var bad *bulk.FileError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || r.Added != c.added || len(h.everybody(t)) != c.added {
				t.Errorf("%v, %+v; want %q and %d added", err, r, c.want, c.added)
			}
		})
	}
}

func TestImportJSONLines(t *testing.T) {
	h := newHouse(t)
	r := h.take(t, "\ufeff"+`{"username": "ada", "address": {"country": "UK", "formatted": "A\nB"}, "roles": ["User", "editor"], "id": "x", "phone_number_verified": true}

{"username": "bob", "address.country": "FR", "roles": "User;ops", "email_verified": null}
["carol"]
{"username": 7}
{"username": "dan", "roles": ["User Admin"]}
{"username": "erin", "colour": "red", "admin": true}
{"username": "frank", "address": "Paris"}
`, bulk.ImportOptions{Format: bulk.FormatJSONL})
	counts(t, r, 2, 0, 5)
	if got := linesOf(r); !slices.Equal(got, []int{4, 5, 6, 7, 8}) {
		t.Errorf("failures of lines %v", got)
	}
	all := h.everybody(t)
	if a := all["ada"].Address; a.Country != "UK" || a.Formatted != "A\nB" || !all["ada"].PhoneNumberVerified || len(all["ada"].Roles) != 2 {
		t.Errorf("ada: %+v", all["ada"])
	}
	if all["bob"].Address.Country != "FR" || !slices.Contains(all["bob"].Roles, "ops") {
		t.Errorf("bob: %+v", all["bob"])
	}
}

// Rows that stand twice, over more than one batch.
func TestImportOfManyBatches(t *testing.T) {
	h := newHouse(t)
	var file strings.Builder
	file.WriteString("username,email\n")
	for i := range 1100 {
		fmt.Fprintf(&file, "user%d,user%d@example.com\n", i%600, i%600)
	}
	var told []int
	o := bulk.ImportOptions{Progress: func(rows int) { told = append(told, rows) }, DryRun: true}
	counts(t, h.take(t, file.String(), o), 600, 500, 0)
	o.DryRun = false
	counts(t, h.take(t, file.String(), o), 600, 500, 0)
	if !slices.Equal(told, []int{500, 1000, 1100, 500, 1000, 1100}) {
		t.Errorf("progress: %v", told)
	}
}

func TestImportStopsWithItsContext(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&bulk.Importer{Users: h.users, Roles: h.roles}).Run(ctx, strings.NewReader(mixed), bulk.ImportOptions{Format: bulk.FormatCSV})
	if err == nil {
		t.Error("an import whose context ended says that all is well")
	}
}
