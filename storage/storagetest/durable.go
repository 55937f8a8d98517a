package storagetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// Durable are the stores over one database that point at each other: a consent
// needs its user and its client, a user its roles.
type Durable struct {
	Users    idp.UserStore
	Roles    idp.RoleStore
	Consents idp.ConsentStore
	Clients  idp.ClientStore
}

type durableTest struct {
	name string
	run  func(t *testing.T, d Durable)
}

func runDurable(t *testing.T, open func(t *testing.T) Durable, tests []durableTest) {
	for _, s := range tests {
		t.Run(s.name, func(t *testing.T) { s.run(t, open(t)) })
	}
}

// hostile are texts that databases choke on. As a name to look up they name nothing.
func hostile() []string {
	return []string{"", "nul\x00nul", "bad\xffutf8", "\xed\xa0\x80", "a'b\"c{d}*%_\\", string(make([]byte, 10000)), "урок", "00000000-0000-0000-0000-00000000000g"}
}

// taken fails unless the error is a conflict on the field.
func taken(t *testing.T, err error, field string) {
	t.Helper()
	var conflict *idp.ConflictError
	if !errors.As(err, &conflict) || conflict.Field != field {
		t.Fatalf("error is %v, want a conflict on %s", err, field)
	}
}

// refused fails unless the error is about the field of the input.
func refused(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Faults) == 0 || invalid.Faults[0].Field != field {
		t.Fatalf("error is %v, want one about %s", err, field)
	}
}

// oneWinner fails unless one of the racers won and all others lost for the expected reason.
func oneWinner(t *testing.T, errs []error, lost func(error) bool) {
	t.Helper()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !lost(err):
			t.Fatalf("unexpected error: %v", err)
		}
	}
	if won != 1 {
		t.Fatalf("%d of %d won", won, len(errs))
	}
}

func isStale(err error) bool { return errors.Is(err, idp.ErrStale) }

func isConflict(err error) bool {
	var conflict *idp.ConflictError
	return errors.As(err, &conflict)
}

// instant is a time that every store can keep: UTC, whole microseconds.
func instant() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// same compares two records member by member; times must be UTC.
func same[T any](t *testing.T, got, want *T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", *got, *want)
	}
}

// makeRole makes sure of a role with a new name.
func (d Durable) makeRole(t *testing.T) *idp.Role {
	t.Helper()
	r := &idp.Role{ID: uuid.NewString(), Name: "role-" + randomID(), Description: "Made by a test", CreatedAt: instant(), UpdatedAt: instant()}
	stored, err := d.Roles.EnsureRole(t.Context(), r)
	noError(t, err)
	return stored
}

// makeUser creates a user; change may be nil.
func (d Durable) makeUser(t *testing.T, change func(*idp.User)) *idp.User {
	t.Helper()
	u := newUser()
	if change != nil {
		change(u)
	}
	noError(t, d.Users.CreateUser(t.Context(), u))
	return u
}

func (d Durable) makeClient(t *testing.T, change func(*idp.Client)) *idp.Client {
	t.Helper()
	c := newClient()
	if change != nil {
		change(c)
	}
	noError(t, d.Clients.CreateClient(t.Context(), c))
	return c
}

// ended holds methods to "honours ctx" and "a failure is never an answer".
func ended(t *testing.T, calls func(ctx context.Context) map[string]func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cancelled(t, calls(ctx))
	late, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer stop()
	for name, call := range calls(late) {
		if err := call(); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("%s past its deadline: %v, want ErrUnavailable", name, err)
		}
	}
}
