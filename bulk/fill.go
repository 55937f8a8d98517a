package bulk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2" //nolint:depguard // nothing that is made up here guards anything
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/account"
	"gatehouse/idp"
)

const (
	fillBatch = 500
	// fillDays is how far back the made-up past reaches.
	fillDays = 30
	// fillActors is how many of the people appear in the made-up events.
	fillActors = 500
	// fillReason tells made-up events from real ones.
	fillReason = "made up by gatehouse seed"
)

// Filler makes people and events up, for trying out and for measuring. It
// writes past the rules of account, since nobody can choose when they joined
// or how often they failed; the people have no password, so none can sign in.
type Filler struct {
	Users idp.UserStore
	Roles *account.Roles
	Audit idp.AuditStore
	Now   func() time.Time
	// Random gives the same people and events for the same seed.
	Random *rand.Rand
}

// RandomPeople is a Random that gives other people each time.
func RandomPeople() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) } //nolint:gosec // as said above

// People adds so many made-up people, and returns how many it added when
// something went wrong. progress, if not nil, is told after each batch.
func (f *Filler) People(ctx context.Context, n int, progress func(int)) (added int, err error) {
	_, err = f.Roles.WithRoles(ctx, []string{idp.RoleUser, "editor"}, func() error {
		for added < n {
			people := make([]*idp.User, min(fillBatch, n-added))
			for i := range people {
				people[i] = f.person()
			}
			errs, err := f.Users.AddUsers(ctx, people)
			if err != nil {
				return err
			}
			for _, err := range errs {
				var taken *idp.ConflictError
				switch {
				case err == nil:
					added++
				case !errors.As(err, &taken): // else another is made up in the next round
					return err
				}
			}
			if progress != nil {
				progress(added)
			}
		}
		return nil
	})
	return added, err
}

// person is active as a rule, some are not, some failed often, some never came.
func (f *Filler) person() *idp.User {
	given, family, place := pick(f.Random, givenNames()), pick(f.Random, familyNames()), pick(f.Random, places())
	joined := f.past()
	u := &idp.User{
		ID: f.id(), Status: idp.UserActive, Roles: []string{idp.RoleUser},
		Username: fmt.Sprintf("%s.%s.%06x", strings.ToLower(given), strings.ToLower(family), f.Random.IntN(1<<24)),
		Name:     given + " " + family, GivenName: given, FamilyName: family,
		Zoneinfo: place, Locale: "en", EmailVerified: f.oneIn(2),
		CreatedAt: joined, UpdatedAt: joined,
	}
	u.Email = u.Username + "@example.com"
	if f.oneIn(20) {
		u.Roles = append(u.Roles, "editor")
	}
	if f.oneIn(50) {
		u.Status = idp.UserDisabled
	}
	if !f.oneIn(5) {
		at := f.between(joined, f.now())
		u.LastLoginAt = &at
	}
	if f.oneIn(100) {
		at := f.between(joined, f.now())
		u.FailedAuthAt, u.FailedAuthCount = &at, idp.LockedFailures
	}
	return u
}

// Events appends so many made-up events of the past days, oldest first, to the
// audit log, about people that there are.
func (f *Filler) Events(ctx context.Context, n int, progress func(int)) (added int, err error) {
	people, err := f.Users.ListUsers(ctx, "", fillActors)
	if err != nil {
		return 0, err
	}
	if len(people) == 0 {
		people = []*idp.User{f.person()}
	}
	end := f.now()
	begin := end.AddDate(0, 0, -fillDays)
	step := end.Sub(begin) / time.Duration(n+1)
	for added < n {
		events := make([]*idp.AuditEvent, min(fillBatch, n-added))
		for i := range events {
			events[i] = f.event(pick(f.Random, people), begin.Add(time.Duration(added+i+1)*step))
		}
		if err := f.Audit.AppendAudit(ctx, events...); err != nil {
			return added, err
		}
		if added += len(events); progress != nil {
			progress(added)
		}
	}
	return added, nil
}

func (f *Filler) event(who *idp.User, at time.Time) *idp.AuditEvent {
	e := &idp.AuditEvent{
		Time: at, ActorKind: idp.ActorUser, ActorID: who.ID, ActorName: who.Username,
		Target: idp.Target{Kind: "user", ID: who.ID, Name: who.Username}, Result: idp.AuditOK,
		IP:        fmt.Sprintf("192.0.2.%d", f.Random.IntN(256)), // RFC 5737: for documentation
		RequestID: fmt.Sprintf("%016x", f.Random.Uint64()), Reason: fillReason, Count: 1,
	}
	switch k := f.Random.IntN(10); {
	case k < 4:
		e.Action = idp.ActionSignIn
	case k < 5:
		e.Action, e.Result = idp.ActionSignIn, idp.AuditRefused
		e.ActorKind, e.ActorID, e.ActorName = idp.ActorNobody, "", ""
	case k < 8:
		e.Action, e.ClientID = idp.ActionGrantIssue, pick(f.Random, []string{"shop", "intranet", "reports"})
		e.Target = idp.Target{Kind: "grant", ID: f.id()}
	case k < 9:
		e.Action, e.Target = idp.ActionSessionEnd, idp.Target{Kind: "session", ID: f.id()}
	default:
		e.Action = idp.ActionUserUpdate
		e.Changes = []idp.Change{{Field: "nickname", Before: "", After: who.GivenName}}
	}
	return e
}

func (f *Filler) now() time.Time { return f.Now().UTC().Truncate(time.Microsecond) }

// past is a moment of the made-up past.
func (f *Filler) past() time.Time { return f.between(f.now().AddDate(0, 0, -fillDays), f.now()) }

func (f *Filler) between(from, to time.Time) time.Time {
	return from.Add(time.Duration(f.Random.Int64N(max(int64(to.Sub(from)), 1)))).Truncate(time.Microsecond)
}

func (f *Filler) oneIn(n int) bool { return f.Random.IntN(n) == 0 }

// id is a UUID of the filler's own chance, so that the same seed gives the same people.
func (f *Filler) id() string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], f.Random.Uint64())
	binary.LittleEndian.PutUint64(b[8:], f.Random.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562 §5.4
	return uuid.UUID(b).String()
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func givenNames() []string {
	return strings.Fields(`Ada Alan Amina Anna Bruno Chen Clara Diego Edith Emil Fatima Felix Grace Hana Hugo Ines
		Ivan Jonas Julia Kofi Lea Leila Luca Maria Mateo Mei Mina Nadia Noah Nora Olga Omar Paul Priya Rosa Samir
		Sara Sofia Tomas Yuki`)
}

func familyNames() []string {
	return strings.Fields(`Abbas Almeida Andersson Bauer Becker Costa Diaz Dubois Eriksen Ferrari Fischer Garcia
		Haddad Hansen Hopper Ito Ivanova Jansen Kaya Khan Kim Kowalski Larsen Lovelace Martin Mensah Moreau Nguyen
		Novak Okafor Papadopoulos Patel Rossi Santos Schmidt Silva Tanaka Turing Weber Yilmaz`)
}

func places() []string {
	return strings.Fields(`Europe/London Europe/Berlin Europe/Madrid America/New_York America/Sao_Paulo Africa/Lagos
		Asia/Tokyo Asia/Kolkata Australia/Sydney`)
}
