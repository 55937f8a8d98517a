package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certCheckEvery is how often the files are looked at, at most.
const certCheckEvery = time.Second

// tlsConfig serves TLS 1.3, and 1.2 with forward-secret AEAD suites alone (RFC 9325 §4.2).
func tlsConfig(certs *certificates) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: certs.get,
	}
}

// certificates keeps the certificate of two files and reads them again when
// they have changed. It looks at handshakes instead of watching: renewals
// replace files in ways (symlinks, renames) that watchers miss.
type certificates struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	tried   fileStamp // of the files when they were read last
	checked time.Time
}

// fileStamp tells one version of the two files from another.
type fileStamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

func newCertificates(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*certificates, error) {
	c := &certificates{certFile: certFile, keyFile: keyFile, now: now, log: log}
	stamp, err := c.look()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("read the TLS certificate: %w", err)
	}
	c.current, c.tried, c.checked = &pair, stamp, now()
	return c, nil
}

func (c *certificates) look() (fileStamp, error) {
	cert, err := os.Stat(c.certFile)
	if err != nil {
		return fileStamp{}, err
	}
	key, err := os.Stat(c.keyFile)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}

// get is tls.Config.GetCertificate. Files that cannot be read, or do not match
// because only one has been replaced so far, leave the old certificate in use.
func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.checked) < certCheckEvery {
		return c.current, nil
	}
	c.checked = now
	stamp, err := c.look()
	if err != nil || stamp == c.tried {
		return c.current, nil
	}
	c.tried = stamp
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.Warn("the new TLS certificate cannot be used; the old one stays", "error", err)
		return c.current, nil
	}
	c.current = &pair
	c.log.Info("TLS certificate read again", "file", c.certFile)
	return c.current, nil
}
