package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// signer makes and reads the floor's tokens.
type signer struct {
	issuer string
	es256  *ecdsa.PrivateKey
	rs256  *rsa.PrivateKey
	mac    []byte
}

func newSigner(issuer string) signer {
	s := signer{issuer: issuer, mac: []byte(rand.Text())}
	s.es256, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.rs256, _ = rsa.GenerateKey(rand.Reader, 2048)
	return s
}

// claims are those of the floor's tokens.
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	JTI      string `json:"jti,omitempty"`
	Client   string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`
}

func signingInput(header string, c claims) (text string, digest [sha256.Size]byte) {
	payload, _ := json.Marshal(c)
	text = header + "." + b64.EncodeToString(payload)
	return text, sha256.Sum256([]byte(text))
}

var (
	headerES256 = b64.EncodeToString([]byte(`{"alg":"ES256","kid":"12345678901234567890","typ":"at+jwt"}`))
	headerRS256 = b64.EncodeToString([]byte(`{"alg":"RS256","kid":"12345678901234567890","typ":"JWT"}`))
)

func (s *signer) signES256(c claims) string {
	text, digest := signingInput(headerES256, c)
	x, y, _ := ecdsa.Sign(rand.Reader, s.es256, digest[:])
	var signature [64]byte
	x.FillBytes(signature[:32])
	y.FillBytes(signature[32:])
	return text + "." + b64.EncodeToString(signature[:])
}

func (s *signer) signRS256(c claims) string {
	text, digest := signingInput(headerRS256, c)
	signature, _ := rsa.SignPKCS1v15(nil, s.rs256, crypto.SHA256, digest[:])
	return text + "." + b64.EncodeToString(signature)
}

func (s *signer) verify(token string) (c claims, err error) {
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || !strings.HasPrefix(token, headerES256+".") {
		return c, errRefused
	}
	signature, err := b64.DecodeString(token[dot+1:])
	if err != nil || len(signature) != 64 {
		return c, errRefused
	}
	digest := sha256.Sum256([]byte(token[:dot]))
	x, y := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(&s.es256.PublicKey, digest[:], x, y) {
		return c, errRefused
	}
	payload, err := b64.DecodeString(token[len(headerES256)+1 : dot])
	if err == nil {
		err = json.Unmarshal(payload, &c)
	}
	if err == nil && (c.Issuer != s.issuer || time.Now().Unix() >= c.Expires) {
		err = errRefused
	}
	return c, err
}

// mint makes a code or refresh token: grant, generation and a MAC over both.
func (s *signer) mint(id string, generation int) string {
	text := id + "." + strconv.Itoa(generation)
	h := hmac.New(sha256.New, s.mac)
	h.Write([]byte(text))
	return text + "." + b64.EncodeToString(h.Sum(nil))
}

func (s *signer) read(token string) (id string, generation int, err error) {
	id, rest, _ := strings.Cut(token, ".")
	number, _, _ := strings.Cut(rest, ".")
	generation, err = strconv.Atoi(number)
	if err != nil || !hmac.Equal([]byte(token), []byte(s.mint(id, generation))) {
		return "", 0, errRefused
	}
	return id, generation, nil
}
