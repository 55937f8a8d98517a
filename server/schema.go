package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"gatehouse/storage"
)

// SchemaStatus says where the database's schema stands.
type SchemaStatus struct {
	Version uint `json:"version"` // 0 when the database is empty
	Latest  uint `json:"latest"`  // the newest that this program knows
	// Dirty says that a migration stopped half way.
	Dirty bool `json:"dirty"`
}

// ErrSchema says that the schema does not fit this program.
var ErrSchema = errors.New("the database schema does not fit")

// MigrateUp brings the schema up to date.
func MigrateUp(ctx context.Context, c *Config) (SchemaStatus, error) {
	return migrate(ctx, c, func(m migrator) error { return m.Up(ctx) })
}

// MigrateDown undoes the last steps.
func MigrateDown(ctx context.Context, c *Config, steps int) (SchemaStatus, error) {
	return migrate(ctx, c, func(m migrator) error { return m.Down(ctx, steps) })
}

// MigrateStatus reads where the schema stands.
func MigrateStatus(ctx context.Context, c *Config) (SchemaStatus, error) {
	return migrate(ctx, c, func(migrator) error { return nil })
}

type migrator interface {
	Up(ctx context.Context) error
	Down(ctx context.Context, steps int) error
	Status(ctx context.Context) (version, latest uint, dirty bool, err error)
}

func migrate(ctx context.Context, c *Config, change func(migrator) error) (SchemaStatus, error) {
	var s SchemaStatus
	if c.DatabaseURL == "" {
		if err := prepareDataDir(c.DataDir); err != nil {
			return s, err
		}
	}
	m, err := storage.Migrator(c.Database())
	if err != nil {
		return s, err
	}
	if err := change(m); err != nil {
		return s, err
	}
	s.Version, s.Latest, s.Dirty, err = m.Status(ctx)
	return s, err
}

// prepareSchema migrates an embedded database, which is ours alone. Any other
// must be at least as new as this program: instances of two versions may share
// it for a while, and the operator decides when it changes.
func prepareSchema(ctx context.Context, c *Config, log *slog.Logger) error {
	s, err := MigrateStatus(ctx, c)
	switch {
	case err != nil:
		return err
	case s.Dirty:
		return fmt.Errorf("%w: migration %d stopped half way; restore the backup made before it, or mend the schema by hand and run: gatehouse migrate up", ErrSchema, s.Version)
	case s.Version >= s.Latest:
		return nil
	case !c.IsSQLite():
		return fmt.Errorf("%w: it is at version %d and this program needs %d; make a backup and run: gatehouse migrate up", ErrSchema, s.Version, s.Latest)
	}
	was := s.Version
	if s, err = MigrateUp(ctx, c); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	log.Info("the schema was brought up to date", "from", was, "to", s.Version)
	return nil
}
