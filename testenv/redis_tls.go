package testenv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// sharedCert is one for the test process: Go reads the system's roots once.
var sharedCert struct {
	once              sync.Once
	certFile, keyFile string
	err               error
}

// RedisTLS starts a Redis that speaks TLS. caFile holds the certificate to
// trust, in PEM; as SSL_CERT_FILE it makes Go trust it, if nothing in the process has
// looked at the system's roots before.
func RedisTLS(tb testing.TB) (redisURL, caFile string) {
	tb.Helper()
	c := &sharedCert
	c.once.Do(func() {
		dir, err := processDir("gh-tls-")
		c.certFile, c.keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		if err == nil {
			err = writeCertificate(c.certFile, c.keyFile)
		}
		c.err = err
	})
	if c.err != nil {
		tb.Fatalf("make a certificate: %v", c.err)
	}
	port := freePort(tb)
	ownRedis(tb, "--save", "", "--tls-port", strconv.Itoa(port), "--tls-cert-file", c.certFile, "--tls-key-file", c.keyFile,
		"--tls-ca-cert-file", c.certFile, "--tls-auth-clients", "no")
	return fmt.Sprintf("rediss://127.0.0.1:%d", port), c.certFile
}

// writeCertificate makes a self-signed certificate for the loopback address.
func writeCertificate(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
