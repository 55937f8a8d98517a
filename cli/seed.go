package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/bulk"
	"gatehouse/server"
)

// seedResult is what seed prints; password only when it was generated.
type seedResult struct {
	Created  bool   `json:"created"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Users    int    `json:"users,omitempty"`  // made up
	Events   int    `json:"events,omitempty"` // made up
}

func (a *App) seed() *cobra.Command {
	var users, events int
	c := &cobra.Command{
		Use:   "seed",
		Short: "Make the roles Admin and User, and the first administrator if there is none",
		Long: `Make the roles Admin and User, and the first administrator if there is none.
GATEHOUSE_ADMIN_USERNAME, _EMAIL and _PASSWORD say who it is; without a password one is generated and shown once.

--users and --events make people and audit events of the past 30 days up, for trying out and for measuring.
Nobody can sign in as one of those people. They are refused unless the issuer is on this machine.`,
		Args: noArgs,
	}
	c.Flags().IntVar(&users, "users", 0, "so many made-up people")
	c.Flags().IntVar(&events, "events", 0, "so many made-up audit events")
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
		switch {
		case users < 0 || events < 0:
			return misuse("--users and --events must not be negative")
		case users+events > 0 && !admin.OnLoopback():
			return misuse("--users and --events are only for an issuer on localhost, 127.0.0.1 or [::1]: what is made up cannot be told apart later")
		}
		s, err := admin.Seed(ctx)
		if err != nil {
			return err
		}
		result := seedResult{Created: s.Created, Username: s.Username, Password: s.GeneratedPassword}
		fillErr := a.fill(ctx, admin, &result, users, events)
		if err := a.printSeed(result); err != nil { // the password is shown only now
			return err
		}
		return fillErr
	})
	return c
}

// fill makes people and events up.
func (a *App) fill(ctx context.Context, admin *server.Admin, result *seedResult, users, events int) (err error) {
	f := bulk.Filler{
		Users: admin.UserList, Roles: admin.Roles, Audit: admin.Audit, Now: time.Now,
		Random: bulk.RandomPeople(),
	}
	if users > 0 {
		tell, done := a.progress("people", users)
		result.Users, err = f.People(ctx, users, tell)
		done()
	}
	if err == nil && events > 0 {
		tell, done := a.progress("events", events)
		result.Events, err = f.Events(ctx, events, tell)
		done()
	}
	return err
}

func (a *App) printSeed(s seedResult) error {
	return a.print(s, func(w io.Writer) {
		switch {
		case !s.Created && s.Users+s.Events == 0:
			fmt.Fprintln(w, "There is an administrator already; nothing was changed.")
		case !s.Created:
		case s.Password != "":
			fmt.Fprintf(w, "The first administrator is %s with the password %s (shown only this once)\n", s.Username, s.Password)
		default:
			fmt.Fprintf(w, "The first administrator is %s with the password of GATEHOUSE_ADMIN_PASSWORD\n", s.Username)
		}
		if s.Users+s.Events > 0 {
			fmt.Fprintf(w, "Made up: %d people, %d audit events\n", s.Users, s.Events)
		}
	})
}
