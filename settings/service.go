package settings

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/idp"
)

// pollEvery is how often the stored settings are read again: the time after
// which a change is in force on every instance.
const pollEvery = 2 * time.Second

// Options is what a Service works with. Store is required.
type Options struct {
	Store idp.SettingsStore
	// Fixed names the settings that the environment sets, by JSON name, and
	// says by what: "the variable GATEHOUSE_…". They cannot be changed.
	Fixed map[string]string
	// Base are the defaults with what the environment sets.
	Base idp.Settings
	// CheckAccent says whether a colour can be read on its grounds; nil checks the form alone.
	CheckAccent func(accent string) error
	Now         func() time.Time
	Log         *slog.Logger
}

// Service holds the settings in force. It is safe for concurrent use.
type Service struct {
	o       Options
	mu      sync.Mutex // serialises load
	current atomic.Pointer[snapshot]
}

// snapshot is one reading of the store, never changed after it was made.
type snapshot struct {
	settings idp.Settings
	version  time.Time
}

// New makes a Service whose settings are the base until Load.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{o: o}
	s.current.Store(&snapshot{settings: o.Base})
	return s
}

// Current returns the settings in force. It does no I/O.
func (s *Service) Current() idp.Settings { return s.current.Load().settings }

// Version is when the settings in force were last saved; zero when never.
func (s *Service) Version() time.Time { return s.current.Load().version }

// FixedBy says what sets a setting (its JSON name) so that it cannot be
// changed, "" when nothing does.
func (s *Service) FixedBy(field string) string { return s.o.Fixed[field] }

// Load reads what was saved and puts it in force.
func (s *Service) Load(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, err := s.o.Store.Settings(ctx)
	if err != nil {
		return err
	}
	before := s.current.Load()
	if !before.version.IsZero() && before.version.Equal(stored.UpdatedAt) {
		return nil
	}
	merged, ignored := s.merge(stored)
	if len(ignored) > 0 {
		s.o.Log.WarnContext(ctx, "saved settings are not valid here; the defaults are in force instead", "settings", ignored)
	}
	s.current.Store(&snapshot{settings: merged, version: stored.UpdatedAt})
	return nil
}

// Run keeps the settings fresh until ctx ends: it sees what other instances and the command line saved.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var failing bool
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.Load(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing: // said once; the last good ones stay in force
			s.o.Log.ErrorContext(ctx, "settings cannot be refreshed; the present ones stay in force", "error", err)
		case err == nil && failing:
			s.o.Log.InfoContext(ctx, "settings are refreshed again")
		}
		failing = err != nil
	}
}
