package bulk_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gatehouse/audit"
	"gatehouse/bulk"
	"gatehouse/idp"
)

func TestFill(t *testing.T) {
	h := newHouse(t)
	f := bulk.Filler{Users: h.Users, Roles: h.roles, Audit: h.Audit, Now: time.Now, Random: rand.New(rand.NewPCG(1, 2))}
	var told []int
	tell := func(n int) { told = append(told, n) }
	if n, err := f.People(t.Context(), 1100, tell); err != nil || n != 1100 {
		t.Fatal(n, err)
	}
	if n, err := f.Events(t.Context(), 700, tell); err != nil || n != 700 {
		t.Fatal(n, err)
	}
	if !slices.Equal(told, []int{500, 1000, 1100, 500, 700}) {
		t.Errorf("progress: %v", told)
	}
	for name, q := range map[string]idp.UserQuery{
		"all": {}, "disabled": {Status: idp.UserDisabled}, "locked": {Locked: true}, "editors": {Role: "editor"},
		"by name": {ListQuery: idp.ListQuery{Text: "lovelace"}},
	} {
		page, err := h.users.Query(t.Context(), q)
		if err != nil || page.Total == 0 || name == "all" && page.Total != 1100 {
			t.Errorf("%s: %d, %v", name, page.Total, err)
		}
		for _, u := range page.Items {
			if u.PasswordHash != "" || u.Permissions.Any() || u.Validate() != nil || u.CreatedAt.After(time.Now()) {
				t.Errorf("%s: %+v %v", name, u, u.Validate())
			}
		}
	}
	r, err := audit.Verify(t.Context(), h.Audit, nil)
	if err != nil || r.Broken != nil || r.Checked < 1800 {
		t.Errorf("the log: %+v %v", r, err)
	}
	old, err := h.Audit.QueryAudit(t.Context(), idp.AuditQuery{To: time.Now().AddDate(0, 0, -29).Unix()})
	if err != nil || old.Total == 0 || old.Total > 100 {
		t.Errorf("%d events of the first day, %v", old.Total, err)
	}
}
