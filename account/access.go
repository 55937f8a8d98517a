package account

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"gatehouse/idp"
)

// AccessOptions is what Access needs; all but Audit and Now must be set.
type AccessOptions struct {
	Sessions idp.SessionStore
	Grants   idp.GrantStore
	Consents idp.ConsentStore
	Clients  idp.ClientStore
	Users    idp.UserStore
	Audit    idp.Recorder // nil for none
	Now      func() time.Time
}

// Access shows what a person has open (browser sessions, applications with
// tokens) and ends it, for the person and for administrators alike, and tells
// the audit log.
//
// What ends, ends in three steps: grants, then what they hang on (the session,
// the consent), then grants once more. Were that gone first and the grants
// could not be ended, nobody could find them to try again; and the second time
// catches what was issued in between. After that oauth sees that the session is
// gone, or asks for consent.
type Access struct{ o AccessOptions }

// NewAccess fills in the defaults.
func NewAccess(o AccessOptions) *Access {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Access{o: o}
}

// Sessions returns the user's live sessions, last seen first.
func (s *Access) Sessions(ctx context.Context, userID string) ([]*idp.Session, error) {
	return s.o.Sessions.ListSessions(ctx, userID)
}

// EndSession ends the user's session of that public ID and the grants that
// hang on it. idp.ErrNotFound when the user has none of that ID.
func (s *Access) EndSession(ctx context.Context, userID, sid string) error {
	all, err := s.o.Sessions.ListSessions(ctx, userID)
	if err != nil {
		return err
	}
	// A sign-in in the same browser keeps the ID, so for a moment there may be two.
	mine := slices.DeleteFunc(all, func(one *idp.Session) bool { return one.ID != sid || sid == "" })
	if len(mine) == 0 {
		return idp.ErrNotFound
	}
	if err := s.o.Grants.RevokeSession(ctx, sid); err != nil {
		return err
	}
	for _, one := range mine {
		if err := s.o.Sessions.DeleteSession(ctx, one.Digest); err != nil {
			return err
		}
	}
	if err := s.o.Grants.RevokeSession(ctx, sid); err != nil {
		return err
	}
	s.record(ctx, idp.ActionSessionEnd, s.person(ctx, userID), "", idp.Change{Field: "session", Before: sid})
	return nil
}

// EndSessions ends the user's sessions but the one with the public ID keepSID,
// "" for none, with their grants, and returns how many. idp.ErrNotFound, and
// nothing ends, when the one to keep has ended itself: then whoever asks is
// signed out.
func (s *Access) EndSessions(ctx context.Context, userID, keepSID string) (ended int, err error) {
	all, err := s.o.Sessions.ListSessions(ctx, userID)
	if err != nil {
		return 0, err
	}
	keep := ""
	for _, one := range all {
		if keepSID != "" && one.ID == keepSID {
			keep = one.Digest
			break
		}
	}
	if keepSID != "" && keep == "" {
		return 0, idp.ErrNotFound
	}
	for _, one := range all {
		if one.ID == keepSID {
			continue
		}
		if err := s.o.Grants.RevokeSession(ctx, one.ID); err != nil {
			return 0, err
		}
	}
	// Also those that began meanwhile: the store knows which.
	gone, err := s.o.Sessions.DeleteUserSessions(ctx, userID, keep)
	if err != nil {
		return 0, err
	}
	if len(gone) == 0 {
		return 0, nil
	}
	for _, sid := range gone {
		if sid != keepSID {
			err = errors.Join(err, s.o.Grants.RevokeSession(ctx, sid))
		}
	}
	s.record(ctx, idp.ActionSessionEnd, s.person(ctx, userID), "",
		idp.Change{Field: "sessions", Before: strconv.Itoa(len(gone)), After: "0"})
	return len(gone), err
}

// RevokeGrant ends the grant and every token of it. idp.ErrNotFound when absent.
func (s *Access) RevokeGrant(ctx context.Context, id string) error {
	g, err := s.o.Grants.Grant(ctx, id)
	if err != nil {
		return err
	}
	if err := s.o.Grants.RevokeGrant(ctx, id); err != nil {
		return err
	}
	target := idp.Target{Kind: "grant", ID: id}
	if g.UserID != "" {
		target = s.person(ctx, g.UserID)
	}
	s.record(ctx, idp.ActionGrantRevoke, target, g.ClientID, idp.Change{Field: "grant", Before: id})
	return nil
}

// record tells of what ended. The user is the target, so that it is found
// among what was done to the person.
func (s *Access) record(ctx context.Context, action string, target idp.Target, clientID string, changes ...idp.Change) {
	if s.o.Audit == nil {
		return
	}
	e := idp.NewEvent(ctx, s.o.Now(), action, target, idp.AuditOK)
	if clientID != "" {
		e.ClientID = clientID
	}
	e.Changes = changes
	s.o.Audit.Record(e)
}

// person names the user in the log, as far as that can be found out: what was
// done is told without a name too.
func (s *Access) person(ctx context.Context, userID string) idp.Target {
	t := idp.Target{Kind: "user", ID: userID}
	if u, err := s.o.Users.User(ctx, userID); err == nil {
		t.Name = u.Username
	}
	return t
}
