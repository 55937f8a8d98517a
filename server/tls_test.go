package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate writes a self-signed certificate for localhost.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if file == "" {
			continue
		}
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func serialOf(t *testing.T, c *certificates) int64 {
	t.Helper()
	pair, err := c.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.Int64()
}

func TestCertificatesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	writeCertificate(t, certFile, keyFile, 1)
	now := time.Now()
	c, err := newCertificates(certFile, keyFile, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	// Files may be written within the resolution of their times.
	touch := func(at time.Time) {
		for _, f := range []string{certFile, keyFile} {
			if err := os.Chtimes(f, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}

	writeCertificate(t, certFile, keyFile, 2)
	touch(now.Add(time.Second))
	if got := serialOf(t, c); got != 1 {
		t.Errorf("looked again at once: %d", got)
	}
	now = now.Add(2 * time.Second)
	if got := serialOf(t, c); got != 2 {
		t.Errorf("serial %d after both files changed, want 2", got)
	}

	// Half of a renewal, a broken file and an absent one leave the old one in use.
	writeCertificate(t, certFile, "", 3)
	touch(now.Add(3 * time.Second))
	now = now.Add(2 * time.Second)
	if got := serialOf(t, c); got != 2 {
		t.Errorf("serial %d while the key is another's, want 2", got)
	}
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	if got := serialOf(t, c); got != 2 {
		t.Errorf("serial %d while the key is absent, want 2", got)
	}
	writeCertificate(t, certFile, keyFile, 4)
	touch(now.Add(5 * time.Second))
	now = now.Add(2 * time.Second)
	if got := serialOf(t, c); got != 4 {
		t.Errorf("serial %d after the renewal was complete, want 4", got)
	}
}

func TestTLSVersionsAndSuites(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	writeCertificate(t, certFile, keyFile, 1)
	c, err := Load([]string{
		"GATEHOUSE_ISSUER=https://localhost:0", "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_DATA_DIR=" + filepath.Join(dir, "data"),
		"GATEHOUSE_TLS_CERT_FILE=" + certFile, "GATEHOUSE_TLS_KEY_FILE=" + keyFile, "GATEHOUSE_DEMO=true",
	})
	if err != nil {
		t.Fatal(err)
	}
	m := New(c, "test", io.Discard)
	if err := m.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, tc := range []struct {
		name   string
		client *tls.Config
		ok     bool
	}{
		{"1.3", &tls.Config{MinVersion: tls.VersionTLS13}, true},
		{"1.2 with AEAD", &tls.Config{MaxVersion: tls.VersionTLS12}, true},
		{"1.2 with CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		{"1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.client.InsecureSkipVerify = true
			conn, err := tls.Dial("tcp", m.Addr().String(), tc.client)
			if err == nil {
				conn.Close()
			}
			if (err == nil) != tc.ok {
				t.Errorf("handshake: %v, want success %v", err, tc.ok)
			}
		})
	}
	// The demo's own client trusts the certificate that is served.
	client, err := m.demoHTTPClient()
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Get(m.Issuer() + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 || res.Proto != "HTTP/2.0" {
		t.Errorf("%s %s", res.Proto, res.Status)
	}
}
