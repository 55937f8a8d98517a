package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// Bounds of one connection. Every listener has them all.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 64 << 10
)

// newHTTPServer is the one place where an http.Server is made.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// Broken connections and handshakes of strangers: not our errors.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// newMetricsServer leaves time for a CPU profile of two minutes.
func newMetricsServer(h http.Handler, log *slog.Logger) *http.Server {
	s := newHTTPServer(h, log)
	s.WriteTimeout = 3 * time.Minute
	return s
}

// listenPublic opens the public listener and settles the issuer. When the
// address is taken and nobody chose it, the demo takes another port.
func (m *Main) listenPublic(ctx context.Context) (net.Listener, error) {
	var certs *certificates
	if m.cfg.ServesTLS() {
		var err error
		if certs, err = newCertificates(m.cfg.TLSCertFile, m.cfg.TLSKeyFile, m.now, m.log.Logger); err != nil {
			return nil, fmt.Errorf("GATEHOUSE_TLS_CERT_FILE: %w", err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", m.cfg.Listen)
	if err != nil && m.cfg.Demo && m.cfg.mayMovePort && errors.Is(err, syscall.EADDRINUSE) {
		if l, err = listenNear(ctx, &lc, m.cfg.Listen); err == nil {
			m.issuer = "http://localhost:0"
			m.log.Warn("the usual port is taken by another program, so this demo uses another one",
				"taken", m.cfg.Listen, "address", l.Addr().String())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("GATEHOUSE_LISTEN: %w", err)
	}
	m.listeners = append(m.listeners, l)
	m.addr = l.Addr()
	if err := m.settleIssuer(); err != nil {
		return nil, err
	}
	if certs != nil {
		l = tls.NewListener(l, tlsConfig(certs))
	}
	return l, nil
}

// listenMetrics opens the listener for /metrics and profiles; nil without one.
func (m *Main) listenMetrics(ctx context.Context) (net.Listener, error) {
	if m.cfg.MetricsListen == "" {
		return nil, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", m.cfg.MetricsListen)
	if err != nil {
		return nil, fmt.Errorf("GATEHOUSE_METRICS_LISTEN: %w", err)
	}
	m.listeners = append(m.listeners, l)
	m.metricsAddr = l.Addr()
	return l, nil
}

// portsTried is how many ports after the taken one are tried, before any free one.
const portsTried = 10

// listenNear listens on one of the ports that follow, so that the address is
// likely the same at the next start.
func listenNear(ctx context.Context, lc *net.ListenConfig, address string) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	for i := range portsTried {
		next := &net.TCPAddr{IP: tcp.IP, Port: tcp.Port + 1 + i}
		if l, err := lc.Listen(ctx, "tcp", next.String()); err == nil {
			return l, nil
		}
	}
	return lc.Listen(ctx, "tcp", (&net.TCPAddr{IP: tcp.IP}).String())
}

// settleIssuer replaces port 0 in the issuer by the port that was given to us.
func (m *Main) settleIssuer() error {
	u, err := url.Parse(m.issuer)
	if err != nil {
		return fmt.Errorf("GATEHOUSE_ISSUER: %w", err)
	}
	if tcp, ok := m.addr.(*net.TCPAddr); ok && u.Port() == "0" {
		u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(tcp.Port))
		m.issuer = u.String()
	}
	return nil
}
