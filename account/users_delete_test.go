package account_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

// due puts the end of the wait into the past, as the store sees it.
func (p *people) due(t *testing.T, login string) {
	t.Helper()
	u := p.stored(t, login).Clone()
	u.DeleteAt = ptr(time.Now().UTC().Add(-time.Minute))
	before := u.UpdatedAt
	u.UpdatedAt = before.Add(time.Microsecond)
	if err := p.Users.UpdateUser(t.Context(), u, before); err != nil {
		t.Fatal(err)
	}
}

func TestDeletionIsAskedForAndTakenBack(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "root", idp.RoleAdmin)
	ada := p.add(t, "ada")
	handle, _ := p.begin(t, ada, account.BeginOptions{})
	asked, err := p.users.RequestDeletion(t.Context(), ada.ID)
	if err != nil || asked.DeleteAt == nil {
		t.Fatalf("%+v %v", asked, err)
	}
	if wait := asked.DeleteAt.Sub(*p.now.Load()); wait > account.DeletionWait || wait < account.DeletionWait-time.Minute {
		t.Errorf("waits %v", wait)
	}
	p.forward(time.Hour)
	again, err := p.users.RequestDeletion(t.Context(), ada.ID)
	if err != nil || !again.DeleteAt.Equal(*asked.DeleteAt) {
		t.Errorf("asked again: %v %v", again.DeleteAt, err)
	}
	if n, err := p.users.DeleteDue(t.Context()); n != 0 || err != nil {
		t.Errorf("before its time: %d, %v", n, err)
	}
	if _, _, err := p.sessions.Load(t.Context(), handle); err != nil {
		t.Errorf("the account works until then: %v", err)
	}
	if kept, err := p.users.Update(t.Context(), "ada", func(u *idp.User) error { u.Name = "Ada"; u.DeleteAt = nil; return nil }); err != nil || kept.DeleteAt == nil {
		t.Errorf("another change took it back: %+v %v", kept, err)
	}
	for range 2 {
		back, err := p.users.CancelDeletion(t.Context(), ada.ID)
		if err != nil || back.DeleteAt != nil || p.stored(t, "ada").DeleteAt != nil {
			t.Errorf("%+v %v", back, err)
		}
	}
	for name, do := range map[string]func(context.Context, string) (*idp.User, error){
		"ask": p.users.RequestDeletion, "take back": p.users.CancelDeletion,
	} {
		if _, err := do(t.Context(), "3d3f1d3e-0000-4000-8000-000000000000"); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%s for nobody: %v", name, err)
		}
	}
}

func TestDeleteDue(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "root", idp.RoleAdmin)
	ada := p.add(t, "ada")
	p.add(t, "bob")
	p.add(t, "carol")
	handle, _ := p.begin(t, ada, account.BeginOptions{})
	p.due(t, "ada")
	p.due(t, "bob")
	if _, err := p.users.CancelDeletion(t.Context(), p.stored(t, "bob").ID); err != nil { // late, and not too late
		t.Fatal(err)
	}
	if n, err := p.users.DeleteDue(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if _, err := p.Users.UserByLogin(t.Context(), "ada"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("ada: %v", err)
	}
	if _, _, err := p.sessions.Load(t.Context(), handle); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("session: %v", err)
	}
	if s, _ := p.access(t, ada.ID); s != 0 {
		t.Errorf("%d sessions are left", s)
	}
	p.stored(t, "bob")
	p.stored(t, "carol")
	if n, err := p.users.DeleteDue(t.Context()); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestLastAdminIsNeverDeleted(t *testing.T) {
	p := newPeople(t, nil)
	root := p.add(t, "root", idp.RoleAdmin)
	p.add(t, "ada")
	if _, err := p.users.RequestDeletion(t.Context(), root.ID); !errors.Is(err, idp.ErrLastAdmin) {
		t.Fatalf("asked: %v", err)
	}
	if u := p.stored(t, "root"); u.DeleteAt != nil {
		t.Errorf("%+v", u)
	}
	// Two ask while there are two: one must stay, and others are deleted all the same.
	second := p.add(t, "second", idp.RoleAdmin)
	for _, id := range []string{root.ID, second.ID} {
		if _, err := p.users.RequestDeletion(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	for _, login := range []string{"root", "second", "ada"} {
		p.due(t, login)
	}
	for range 2 {
		n, err := p.users.DeleteDue(t.Context())
		if !errors.Is(err, idp.ErrLastAdmin) {
			t.Errorf("%d, %v", n, err)
		}
	}
	left, err := p.Users.ListUsers(t.Context(), "", 10)
	if err != nil || len(left) != 1 || !left[0].MayAuthenticate(time.Now()) || !left[0].HasRole(idp.RoleAdmin) {
		t.Errorf("%d are left, %v", len(left), err)
	}
}

// A cancel and the deletion at one moment: if the person was told that it is
// taken back, the account is there.
func TestCancelRacesDeletion(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "root", idp.RoleAdmin)
	for i := range 40 {
		name := fmt.Sprintf("user%d", i)
		u := p.add(t, name)
		p.due(t, name)
		var wg sync.WaitGroup
		var cancelErr error
		wg.Go(func() { _, cancelErr = p.users.CancelDeletion(t.Context(), u.ID) })
		for range 2 { // as two instances would
			wg.Go(func() {
				if _, err := p.users.DeleteDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		_, err := p.Users.UserByLogin(t.Context(), name)
		switch {
		case cancelErr == nil && err == nil:
		case cancelErr == nil:
			t.Fatalf("taken back, and gone: %v", err)
		case !errors.Is(cancelErr, idp.ErrNotFound):
			t.Errorf("cancel: %v", cancelErr)
		case !errors.Is(err, idp.ErrNotFound):
			t.Errorf("not taken back, and there: %v", err)
		}
	}
}
