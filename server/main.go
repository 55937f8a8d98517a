package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/account"
	"gatehouse/handlers"
	"gatehouse/idp"
	"gatehouse/oauth"
)

// Main is the running program. New makes it, Run or Open starts it, Close ends it.
type Main struct {
	cfg     *Config
	version string
	log     logs
	now     func() time.Time
	metrics *Metrics

	issuer   string
	admin    *Admin
	keys     *oauth.Keyring
	master   oauth.MasterKeys
	signIn   *account.SignIn
	draining atomic.Bool

	listeners   []net.Listener
	servers     []*http.Server
	addr        net.Addr
	metricsAddr net.Addr
	routes      func() []handlers.Route
	failed      chan error // a listener ended by itself

	jobs     sync.WaitGroup
	stopJobs context.CancelFunc
	stopping chan struct{} // closed when the stop begins
	closing  sync.Once
	closeErr error
}

// New prepares the program; the log goes to out.
func New(c *Config, version string, out io.Writer) *Main {
	return &Main{
		cfg: c, version: version, log: newLogs(out, c), now: time.Now,
		metrics: newMetrics(version), issuer: c.Issuer, failed: make(chan error, 2),
		stopping: make(chan struct{}),
	}
}

// Issuer is the public base URL, known once Open has returned. Port 0 in the
// configured one stands for the port that the listener was given.
func (m *Main) Issuer() string { return m.issuer }

// Log is the program's log.
func (m *Main) Log() *slog.Logger { return m.log.Logger }

// Addr is the address of the public listener, nil before Open.
func (m *Main) Addr() net.Addr { return m.addr }

// MetricsAddr is the address of the metrics listener, nil without one.
func (m *Main) MetricsAddr() net.Addr { return m.metricsAddr }

// Routes are all addresses that the program answers, known once Open has returned.
func (m *Main) Routes() []handlers.Route { return m.routes() }

// Run serves until ctx ends, then finishes what runs and closes. It returns
// nil after an orderly end.
func (m *Main) Run(ctx context.Context) error {
	if err := m.Open(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		m.log.Info("asked to stop")
		return m.Close() //nolint:contextcheck // ctx has ended; what runs is finished without it
	case err := <-m.failed:
		return errors.Join(err, m.Close()) //nolint:contextcheck // as above
	}
}

// Open starts the program and returns when it answers. ctx bounds the start,
// not the life. What was opened is closed again when it fails.
func (m *Main) Open(ctx context.Context) (err error) {
	began := m.now()
	defer func() { //nolint:contextcheck // cleaning up must not end with ctx
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	env := m.cfg.LogValue()
	if m.log.text { // or it would bury the passwords that are shown once
		env = m.cfg.chosen()
	}
	m.log.Info("configuration", "version", m.version, "env", env)
	m.warn()

	// 1. Folder, schema, stores, keys.
	if m.admin, err = openAdmin(ctx, m.cfg, m.log.Logger, m.metrics); err != nil {
		return err
	}
	if m.keys, m.master, err = m.admin.keyring(ctx); err != nil {
		return err
	}
	// 2. The first administrator.
	if err := m.firstStart(ctx); err != nil {
		return err
	}
	// 3. The listeners: from here on the issuer is known.
	public, err := m.listenPublic(ctx)
	if err != nil {
		return err
	}
	private, err := m.listenMetrics(ctx)
	if err != nil {
		return err
	}
	// 4. What answers on them.
	handler, err := m.handler(ctx)
	if err != nil {
		return err
	}
	m.routes = handler.Routes
	// 5. Serve.
	m.startJobs(ctx)
	m.serve(public, newHTTPServer(handler, m.log.Logger))
	if private != nil {
		m.serve(private, newMetricsServer(m.metrics.handler(), m.log.Logger))
	}
	// The first start hashes passwords, 20 MB each; a server at rest needs little.
	m.jobs.Go(debug.FreeOSMemory)
	m.log.Info("ready", "issuer", m.issuer, "address", m.addr.String(),
		"took", m.now().Sub(began).Round(time.Millisecond).String())
	return nil
}

// warn says what is allowed but likely not meant.
func (m *Main) warn() {
	for _, text := range warnings(m.cfg) {
		m.log.Warn(text)
	}
}

// warnings tell of a configuration that works, but not as it should.
func warnings(c *Config) []string {
	if strings.HasPrefix(c.Issuer, "https:") && !c.ServesTLS() && len(c.TrustedProxies) == 0 {
		return []string{"https ends at a proxy, but GATEHOUSE_TRUSTED_PROXIES is not set: everybody counts as one network, the proxy's"}
	}
	return nil
}

// firstStart makes the roles and the first administrator, and shows the
// generated password, once and at every log level.
func (m *Main) firstStart(ctx context.Context) error {
	seeded, err := m.admin.Seed(ctx)
	if err != nil {
		return err
	}
	if seeded.GeneratedPassword != "" {
		m.log.always.Info("the first administrator was made; this password is shown only once",
			"username", seeded.Username, "password", seeded.GeneratedPassword)
	} else if seeded.Created {
		m.log.Info("the first administrator was made", "username", seeded.Username)
	}
	return nil
}

// serve answers on the listener until Close; a listener that ends by itself ends Run.
func (m *Main) serve(l net.Listener, s *http.Server) {
	m.servers = append(m.servers, s)
	m.jobs.Go(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			m.failed <- fmt.Errorf("listener %s: %w", l.Addr(), err)
		}
	})
}

var errDraining = errors.New("shutting down")

// ready is what /readyz tells.
func (m *Main) ready(ctx context.Context) error {
	if m.draining.Load() {
		return errDraining
	}
	return m.admin.stores.Ping(ctx)
}

// Close ends the program in order. It is safe to call more than once, and
// after an Open that failed.
func (m *Main) Close() error {
	m.closing.Do(func() { m.closeErr = m.close() })
	return m.closeErr
}

func (m *Main) close() error {
	// 1. Not ready: balancers look elsewhere while we still answer.
	m.draining.Store(true)
	if len(m.servers) > 0 && m.cfg.ShutdownDelay > 0 {
		m.log.Info("not ready any more; still answering", "for", idp.ShortDuration(m.cfg.ShutdownDelay))
		time.Sleep(m.cfg.ShutdownDelay)
	}
	close(m.stopping)
	ctx, cancel := context.WithTimeout(context.Background(), m.cfg.ShutdownTimeout)
	defer cancel()
	// 2. Stop accepting, finish what runs; cut what does not finish in time.
	var errs []error
	for _, s := range m.servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("requests were cut off: %w", err), s.Close())
		}
	}
	for _, l := range m.listeners {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	// 3. Stop the jobs, write what is still to be recorded.
	if m.stopJobs != nil {
		m.stopJobs()
	}
	m.jobs.Wait()
	if m.signIn != nil {
		errs = append(errs, m.signIn.Close(ctx))
	}
	// 4. Close the stores.
	if m.admin != nil {
		errs = append(errs, m.admin.Close())
	}
	m.log.Info("stopped")
	return errors.Join(errs...)
}
