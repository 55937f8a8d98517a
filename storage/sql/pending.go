package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// QueryUsers implements idp.UserStore.
func (s *Users) QueryUsers(context.Context, idp.UserQuery) (idp.Page[*idp.User], error) {
	return idp.Page[*idp.User]{}, idp.ErrUnavailable
}

// AddUsers implements idp.UserStore.
func (s *Users) AddUsers(context.Context, []*idp.User) ([]error, error) {
	return nil, idp.ErrUnavailable
}

// Unlock implements idp.UserStore.
func (s *Users) Unlock(context.Context, string) error { return idp.ErrUnavailable }

// DueUsers implements idp.UserStore.
func (s *Users) DueUsers(context.Context, int) ([]string, error) { return nil, idp.ErrUnavailable }

// DeleteDueUser implements idp.UserStore.
func (s *Users) DeleteDueUser(context.Context, string) error { return idp.ErrUnavailable }

// CreateRole implements idp.RoleStore.
func (s *Roles) CreateRole(context.Context, *idp.Role) error { return idp.ErrUnavailable }

// UpdateRole implements idp.RoleStore.
func (s *Roles) UpdateRole(context.Context, *idp.Role, time.Time) error { return idp.ErrUnavailable }

// Role implements idp.RoleStore.
func (s *Roles) Role(context.Context, string) (*idp.Role, error) { return nil, idp.ErrUnavailable }

// CountMembers implements idp.RoleStore.
func (s *Roles) CountMembers(context.Context) (map[string]int, error) {
	return nil, idp.ErrUnavailable
}

// QueryClients implements idp.ClientStore.
func (s *Clients) QueryClients(context.Context, idp.ClientQuery) (idp.Page[*idp.Client], error) {
	return idp.Page[*idp.Client]{}, idp.ErrUnavailable
}

// RevokeKey implements idp.KeyStore.
func (s *Keys) RevokeKey(context.Context, string, time.Time) error { return idp.ErrUnavailable }

// QueryGrants implements idp.GrantStore.
func (s *Grants) QueryGrants(context.Context, idp.GrantQuery) (idp.Page[*idp.Grant], error) {
	return idp.Page[*idp.Grant]{}, idp.ErrUnavailable
}

// QuerySessions implements idp.SessionStore.
func (s *Sessions) QuerySessions(context.Context, idp.SessionQuery) (idp.Page[*idp.Session], error) {
	return idp.Page[*idp.Session]{}, idp.ErrUnavailable
}

// CountSessions implements idp.SessionStore.
func (s *Sessions) CountSessions(context.Context) (int, error) { return 0, idp.ErrUnavailable }

// Audit keeps the audit log; it is an idp.AuditStore.
type Audit struct{ db aggregate }

// NewAudit returns the audit store of the database.
func NewAudit(db *DB) *Audit { return &Audit{aggregate{db, "audit"}} }

// AppendAudit implements idp.AuditStore.
func (s *Audit) AppendAudit(context.Context, ...*idp.AuditEvent) error { return idp.ErrUnavailable }

// QueryAudit implements idp.AuditStore.
func (s *Audit) QueryAudit(context.Context, idp.AuditQuery) (idp.Page[*idp.AuditEvent], error) {
	return idp.Page[*idp.AuditEvent]{}, idp.ErrUnavailable
}

// AuditEvent implements idp.AuditStore.
func (s *Audit) AuditEvent(context.Context, int64) (*idp.AuditEvent, error) {
	return nil, idp.ErrUnavailable
}

// AuditAfter implements idp.AuditStore.
func (s *Audit) AuditAfter(context.Context, int64, int) ([]*idp.AuditEvent, error) {
	return nil, idp.ErrUnavailable
}

// AuditHead implements idp.AuditStore.
func (s *Audit) AuditHead(context.Context) (idp.AuditHead, error) {
	return idp.AuditHead{}, idp.ErrUnavailable
}

// PurgeAudit implements idp.AuditStore.
func (s *Audit) PurgeAudit(context.Context, time.Time, int) (int, error) {
	return 0, idp.ErrUnavailable
}

// Tallies keeps counts by the hour; it is an idp.TallyStore.
type Tallies struct{ db aggregate }

// NewTallies returns the store of counts of the database.
func NewTallies(db *DB) *Tallies { return &Tallies{aggregate{db, "tallies"}} }

// AddTallies implements idp.TallyStore.
func (s *Tallies) AddTallies(context.Context, time.Time, []idp.Tally) error {
	return idp.ErrUnavailable
}

// Tallies implements idp.TallyStore.
func (s *Tallies) Tallies(context.Context, time.Time, time.Time) ([]idp.Tally, error) {
	return nil, idp.ErrUnavailable
}

// PurgeTallies implements idp.TallyStore.
func (s *Tallies) PurgeTallies(context.Context, time.Time) (int, error) {
	return 0, idp.ErrUnavailable
}

// Settings keeps what an administrator may change; it is an idp.SettingsStore.
type Settings struct{ db aggregate }

// NewSettings returns the store of settings of the database.
func NewSettings(db *DB) *Settings { return &Settings{aggregate{db, "settings"}} }

// Settings implements idp.SettingsStore.
func (s *Settings) Settings(context.Context) (*idp.StoredSettings, error) {
	return nil, idp.ErrUnavailable
}

// SaveSettings implements idp.SettingsStore.
func (s *Settings) SaveSettings(context.Context, map[string][]byte, time.Time, time.Time) error {
	return idp.ErrUnavailable
}

// Images keeps small pictures; it is an idp.ImageStore.
type Images struct{ db aggregate }

// NewImages returns the store of pictures of the database.
func NewImages(db *DB) *Images { return &Images{aggregate{db, "images"}} }

// PutImage implements idp.ImageStore.
func (s *Images) PutImage(context.Context, *idp.Image) error { return idp.ErrUnavailable }

// Image implements idp.ImageStore.
func (s *Images) Image(context.Context, string) (*idp.Image, error) { return nil, idp.ErrUnavailable }

// Notes keeps short-lived notes; it is an idp.NoteStore.
type Notes struct{ db aggregate }

// NewNotes returns the note store of the database.
func NewNotes(db *DB) *Notes { return &Notes{aggregate{db, "notes"}} }

// PutNote implements idp.NoteStore.
func (s *Notes) PutNote(context.Context, string, []byte, time.Duration) error {
	return idp.ErrUnavailable
}

// AddNote implements idp.NoteStore.
func (s *Notes) AddNote(context.Context, string, []byte, time.Duration) (bool, []byte, error) {
	return false, nil, idp.ErrUnavailable
}

// Note implements idp.NoteStore.
func (s *Notes) Note(context.Context, string) ([]byte, error) { return nil, idp.ErrUnavailable }

// TakeNote implements idp.NoteStore.
func (s *Notes) TakeNote(context.Context, string) ([]byte, error) { return nil, idp.ErrUnavailable }

// DropNote implements idp.NoteStore.
func (s *Notes) DropNote(context.Context, string) error { return idp.ErrUnavailable }
