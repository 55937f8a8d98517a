package account

import (
	"strings"
	"testing"
)

// What the libraries themselves made of these passwords: Werkzeug 3.1,
// Django 5.2, passlib 1.7, argon2-cffi 25.1, bcrypt 4.0.
const short, longer = "Tür & Tor 42", "long long long long long long long long long long long long long long long long long long long long tail"

func TestForeignHashes(t *testing.T) {
	p := NewPasswords(HashParams{MemoryKiB: 128, Time: 1, Threads: 1}, 1, nil)
	for name, c := range map[string]struct{ password, hash string }{
		"werkzeug scrypt small":      {short, `scrypt:1024:8:2$V876g5HlFFJadKEd$dc168626bba0e833d8b4ebc72b5bfef865204c5e45476b3bdb8bd1d70b2ea3bc2a62ae305fcb5711b98e79d2aaf74f435a1916292b93d10547eb2995314f85e2`},
		"werkzeug pbkdf2 sha256":     {short, `pbkdf2:sha256:1000$mKD4rjv6eERe8ebJ$6c6d159911abedc74c2e5fdafd5d83d176f833c104b3f7cbe2a2c3b97c930d67`},
		"werkzeug pbkdf2 sha1":       {short, `pbkdf2:sha1:1000$WhsjdYh5e5ap1c6G$a14a3884cc2463f012bdcf35514bb558aeb61f0a`},
		"werkzeug pbkdf2 sha512":     {short, `pbkdf2:sha512:1000$1H9lzA2f$48320a1ed0198bbd84220712d88eaefa22f9261d6c62520541fa9aed16716302569c065dd70a67b0d95e6e793bf6f71cce6b119a89599806d6450d773b27da82`},
		"django pbkdf2_sha256":       {short, `pbkdf2_sha256$1000$c2VhIHNhbHQ$mYRzXPSbg6u2Ato1ojAL5NndpjLeV3s+GUUDc3JUdQk=`},
		"django pbkdf2_sha1":         {short, `pbkdf2_sha1$1000$c2VhIHNhbHQ$qWmLwKZBzdXss8NpIMXOciH9GSA=`},
		"django scrypt small":        {short, `scrypt$1024$saltsaltsalt$8$1$k7mBRs2HMBLBlQD2REJ6xiX/VRZ0ysEei+4s8G/Q6nYAIWreZe3+MoCzi/U2PTTd/wgBAfUmL0KL/L4ElS60GQ==`},
		"django argon2 small":        {short, `argon2$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$LEgS8JmSDr9kRyqSR0AgIfsjrhBLrzcwZ6L/ZpA4X9A`},
		"django bcrypt_sha256 small": {short, `bcrypt_sha256$$2b$04$Ef0HK6Yof0jkf/haoMXUeeSZO3lh6lti17zf8WrXmeIo8UWHaV3fC`},
		"django bcrypt_sha256 long":  {longer, `bcrypt_sha256$$2b$04$yNtMgqnTWWIebFUD4euiNugy9jwTiWxQg7S1RGtYeePI0rL3qQx..`},
		"django bcrypt small":        {short, `bcrypt$$2b$04$UgTjCho8kHIUaqobRGqpdek2/AOIZbDTa/st55yuMVb2Ed8fuuHsG`},
		"passlib scrypt":             {short, `$scrypt$ln=10,r=8,p=1$vdcaQwiBMMaYkxKCsFZqTQ$uSDmuNY+fGMvYDzJWy62//9MtDZKpwWMAz7ELSU9FTE`},
		"passlib pbkdf2_sha256":      {short, `$pbkdf2-sha256$1000$9p6ztnbu/T.ntNZ6L4VQag$IK5n0tge9aLIRhCiltBi.zt3UOjDJbjnJWzT1EyUAVQ`},
		"passlib pbkdf2_sha512":      {short, `$pbkdf2-sha512$1000$gDDGeK.1du7d./9/7/1/Tw$naE9Z4OvihFeGRH7wT7ycSWN5U3qiZufMJYnbmi4dwKTCvLmL8au3WImbsxUjpnZTBTlJHDJyAURt0XiH703jg`},
		"passlib pbkdf2_sha1":        {short, `$pbkdf2$1000$VWpNqTVGaM1ZC2HsvXfu/Q$BEhv46M3t4jfwJ4.yavEuCZwy/4`},
		"passlib bcrypt 2b":          {short, `$2b$04$KqSIu99KUD6qIvehnevyOu9RTw1.OWXcvB/xIbbJ9u2VRnxmkQJfO`},
		"passlib bcrypt 2a":          {short, `$2a$04$Oml8VkIdJdQj3G0/LwRvWOiXPYD8kiBxcU3QInRztEzBBs7jg5NwW`},
		"passlib bcrypt 2y":          {short, `$2y$04$suapqaQ8uKQnyL0F.DqbHeDMm3UX.ugc0GQ8j3zQcMtma6W7gfqte`},
		"bcrypt long":                {longer, `$2b$04$cN4f7UG5QoGfw4hQzL5KRep/Mf0AeMgmsmeffD1S48xhbssQHmBTm`},
		"argon2i":                    {short, `$argon2i$v=19$m=64,t=1,p=1$KPYc08oZwLCd5/hd2wvefA$RH4A3JLW2+Tde/8is/Gy+3BMO6GijjqHLoG3dmLI8rk`},
		"argon2id":                   {short, `$argon2id$v=19$m=64,t=1,p=1$D7iSuJccQLhM1nRqaGP/Ew$Gal09N/EgJFFB7HofPmd5xnjshH9M20PBW7fUBfcklg`},
		"PHC pbkdf2-sha256":          {short, `$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$gGU716UPghGS0VBtjlkZLT1+TejGKbcSokveL23SnKU`},
	} {
		t.Run(name, func(t *testing.T) {
			if !p.Understands(c.hash) || !p.NeedsRehash(c.hash) {
				t.Fatalf("understood: %v, taken for ours: %v", p.Understands(c.hash), !p.NeedsRehash(c.hash))
			}
			for password, want := range map[string]bool{
				c.password: true, c.password[1:]: false, strings.ToUpper(c.password): false, "": false,
			} {
				if ok, err := p.Verify(t.Context(), c.hash, password); err != nil || ok != want {
					t.Errorf("%q: %v, %v", password, ok, err)
				}
			}
		})
	}
}

// The costs that the libraries choose by themselves are bearable.
func TestForeignHashesOfUsualCost(t *testing.T) {
	for name, hash := range map[string]string{
		"werkzeug scrypt default":       `scrypt:32768:8:1$rdARpT7DhwfYM9zj$ec138d3a88e6d89d42c99f8e6e0aa7f7a4cfe97526fbbf03bfe80882f3255c0c5fc3a931d2dcfb5f8e8259808968e31281d2e3a7ef4654b87c54a7b682e223bd`,
		"werkzeug pbkdf2 default":       `pbkdf2:sha256:1000000$NsxG4pNckpWoRL4W$ee439788a581007fa0fdede99d05ba716028a3efbd17a3daab9b71cd6c11cd18`,
		"django pbkdf2 default":         `pbkdf2_sha256$1000000$v1Anj9OWs7s5XzOTeDOa2t$KTyfZuMmpgfu5lGnIhdp3Sd0IPCcwjcz8KVVtgDO+cI=`,
		"django argon2":                 `argon2$argon2id$v=19$m=102400,t=2,p=8$cHBQeFFFWWRKT2JCQkx0c1NEdEs0OA$OUQNcFndlndFU0EEmIWmamLPSV6cQZKWfPtO0Go8yxs`,
		"django bcrypt_sha256":          `bcrypt_sha256$$2b$12$SqdkSSXFu2ETYtUFgpq2Oevp52sCOp4e9SfXb.ffEzsTrgPXEHUuC`,
		"django bcrypt":                 `bcrypt$$2b$12$kGxZOOa4/buDGHdOxk2sQekNRC.lwcVSvVtOQme1kBp7cOtnJxqbS`,
		"django scrypt":                 `scrypt$16384$ZnItYy8QVpaSLgT9IYYcd5$8$5$1QWQsEgQrfcXpC9uDXvEegyXTkY8mtwl3EDRtHN1M99EN0CI5XnYP2ZjZYceXRz+QR+A568zn1QvxMCtEt7C+Q==`,
		"passlib scrypt default":        `$scrypt$ln=16,r=8,p=1$sfae0zrHWGsNIUQoJcQYAw$H2BgjgyTpEvrJTYtdcWXSQsv6Mgz7Ph6AVHWtWE0Iwg`,
		"passlib pbkdf2_sha256 default": `$pbkdf2-sha256$29000$L0Wo1XovJYQQgrCWMiaktA$rGjUsfttvI7BwX61KcEYw3ZKxWcIxVvgi8lcq.kWd34`,
		"argon2id default":              `$argon2id$v=19$m=65536,t=3,p=4$SZwrHQSIUCKSqLPMxNkayg$gcvJy+OLVoplReZn1QjYouHqYmkCJsX5NOQBjvjhzwQ`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseHash(hash); err != nil {
				t.Error(err)
			}
		})
	}
}

// A password is accepted as the other system hashed it, and as we would have.
func TestForeignHashesOfTypedPasswords(t *testing.T) {
	p := NewPasswords(cheap, 1, nil)
	const decomposed, composed = "Tu\u0308r & Tor 42", short
	for hash, right := range map[string][]string{
		// Werkzeug, of the composed and of the decomposed letter.
		`pbkdf2:sha256:1000$oQNxkLLMdmnqaPPL$378167f491d3c3fbe05d7feb521788ad64fdc3251db338030b3a2fe9eb156761`: {composed, decomposed},
		`pbkdf2:sha256:1000$OIvWj5Wop1Jab3vg$99769686edcc0836981e32c76e97c74f7f8e1570c36c5156cf15b4c497b42c3d`: {decomposed},
	} {
		for _, password := range right {
			if ok, err := p.Verify(t.Context(), hash, password); err != nil || !ok {
				t.Errorf("%+q: %v, %v", password, ok, err)
			}
		}
		if ok, _ := p.Verify(t.Context(), hash, "Tur & Tor 42"); ok {
			t.Error("another password matches")
		}
	}
	// What we hashed is hashed in one form alone.
	ours, err := p.Hash(t.Context(), decomposed)
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{decomposed, composed} {
		if ok, err := p.Verify(t.Context(), ours, password); err != nil || !ok {
			t.Errorf("%+q: %v, %v", password, ok, err)
		}
	}
}

func TestHashFormsRefused(t *testing.T) {
	key := strings.Repeat("ab", 32)
	const b64Salt, b64Key = "c2FsdHNhbHRzYWx0", "qrvM3e7/ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJk"
	for name, s := range map[string]string{
		"nothing":                      "",
		"plain text":                   "correct horse battery staple",
		"Django without a password":    "!aBcDeFgHiJ",
		"MD5":                          "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
		"SHA-512 crypt":                "$6$saltsalt$" + strings.Repeat("a", 86),
		"LDAP":                         "{SSHA}" + b64Key,
		"Werkzeug of old, one round":   "sha256$salt$" + key,
		"Werkzeug without a count":     "pbkdf2:sha256$salt$" + key,
		"argon2d":                      "$argon2d$v=19$m=64,t=1,p=1$l6qQuFOvQKwCmLddbA1aKA$GhNnP5mtO4LhitfHgahTQHO/bAaU5MqkSI13Y4pUSNM",
		"argon2 of the first version":  "$argon2i$v=16$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$rtY9bYuDpROB+rRyLxQRGQ",
		"passlib bcrypt-sha256":        "$bcrypt-sha256$v=2,t=2b,r=4$wStiwnpUx4Z21mNQu2/9mu$JcBihvCM/DeM3ZatTZSJZTEm/pUo6bW",
		"Django argon2d":               "argon2$argon2d$v=19$m=64,t=1,p=1$" + b64Salt + "$" + b64Key,
		"Django argon2 without PHC":    "argon2$m=64,t=1,p=1$" + b64Salt + "$" + b64Key,
		"prefixes of two systems":      "argon2argon2$argon2id$v=19$m=64,t=1,p=1$" + b64Salt + "$" + b64Key,
		"bcrypt_sha256, one dollar":    "bcrypt_sha256$2b$04$EPSNB4a8aQ06hbEz4ZZFeeo8XN0KF083EFKVfwcxcMpqzv2MRwm7a",
		"bcrypt_sha256, costly":        "bcrypt_sha256$$2b$16$EPSNB4a8aQ06hbEz4ZZFeeo8XN0KF083EFKVfwcxcMpqzv2MRwm7a",
		"scrypt, memory":               "scrypt:262144:8:1$salt$" + key,
		"scrypt, work":                 "scrypt:131072:8:5$salt$" + key,
		"scrypt, block":                "scrypt:1024:33:1$salt$" + key,
		"scrypt, parallel":             "scrypt:1024:8:17$salt$" + key,
		"scrypt, N of one":             "scrypt:1:8:1$salt$" + key,
		"scrypt, N no power of two":    "scrypt:1000:8:1$salt$" + key,
		"scrypt, N overflows":          "scrypt:4294967296:8:1$salt$" + key,
		"scrypt PHC, memory":           "$scrypt$ln=18,r=8,p=1$" + b64Salt + "$" + b64Key,
		"scrypt PHC, N overflows":      "$scrypt$ln=64,r=8,p=1$" + b64Salt + "$" + b64Key,
		"scrypt PHC, other order":      "$scrypt$r=8,ln=10,p=1$" + b64Salt + "$" + b64Key,
		"scrypt PHC, padded":           "$scrypt$ln=10,r=8,p=1$" + b64Salt + "$" + b64Key + "=",
		"scrypt Django, not padded":    "scrypt$1024$salt$8$1$" + b64Key,
		"scrypt Django, memory":        "scrypt$262144$salt$8$1$" + b64Key + "=",
		"scrypt Django, no salt":       "scrypt$1024$$8$1$" + b64Key + "=",
		"PBKDF2, costly":               "pbkdf2:sha256:4000001$salt$" + key,
		"PBKDF2, costly by its length": "pbkdf2:sha256:3000000$salt$" + key + key,
		"PBKDF2, overflow":             "pbkdf2:sha256:4294967297$salt$" + key,
		"PBKDF2, none":                 "pbkdf2:sha256:0$salt$" + key,
		"PBKDF2, negative":             "pbkdf2:sha256:-1$salt$" + key,
		"PBKDF2, other digest":         "pbkdf2:md5:1000$salt$" + key,
		"PBKDF2, upper-case hex":       "pbkdf2:sha256:1000$salt$" + strings.ToUpper(key),
		"PBKDF2, odd hex":              "pbkdf2:sha256:1000$salt$" + key + "a",
		"PBKDF2, short key":            "pbkdf2:sha256:1000$salt$" + key[:30],
		"PBKDF2, long key":             "pbkdf2:sha256:1000$salt$" + key + key + "ab",
		"PBKDF2, no key":               "pbkdf2:sha256:1000$salt$",
		"PBKDF2, no salt":              "pbkdf2:sha256:1000$$" + key,
		"PBKDF2, space in the salt":    "pbkdf2:sha256:1000$sa lt$" + key,
		"PBKDF2 PHC, other length":     "$pbkdf2-sha256$i=1000,l=16$" + b64Salt + "$" + b64Key,
		"PBKDF2 PHC, other digest":     "$pbkdf2-sha3$i=1000$" + b64Salt + "$" + b64Key,
		"PBKDF2 Django, not padded":    "pbkdf2_sha256$1000$salt$" + b64Key,
		"line end":                     "pbkdf2_sha256$1000$salt$" + b64Key + "=\n",
		"NUL":                          "pbkdf2:sha256:1000$sa\x00lt$" + key,
		"huge":                         "pbkdf2:sha256:1000$" + strings.Repeat("s", 1000) + "$" + key,
	} {
		t.Run(name, func(t *testing.T) {
			if h, err := parseHash(s); err == nil {
				t.Errorf("accepted as %+v", h)
			}
		})
	}
}

// FuzzParseHash holds whatever is understood to the bounds of cost and size.
func FuzzParseHash(f *testing.F) {
	for _, s := range []string{
		referenceHash, "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=0,t=0,p=0$$", "argon2$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$LEgS8JmSDr9kRyqSR0AgIfsjrhBLrzcwZ6L/ZpA4X9A",
		"$2a$10$abcdefghijklmnopqrstuuW6kAtb5S5hGZPGqHmZNpPmXMSWZ8YHG", "bcrypt_sha256$$2b$04$EPSNB4a8aQ06hbEz4ZZFeeo8XN0KF083EFKVfwcxcMpqzv2MRwm7a",
		"$scrypt$ln=10,r=8,p=1$H+OckzJmjHHOWesd43xPyQ$dmNMx3O7nAWAtNI3lwRvulpeoSpwmnEeJdPbwb0nlWA", "scrypt:1024:8:2$s$" + strings.Repeat("0f", 64),
		"scrypt$1024$saltsaltsalt$8$1$k7mBRs2HMBLBlQD2REJ6xiX/VRZ0ysEei+4s8G/Q6nYAIWreZe3+MoCzi/U2PTTd/wgBAfUmL0KL/L4ElS60GQ==",
		"pbkdf2:sha1:9$s$" + strings.Repeat("0f", 20), "pbkdf2_sha256$1000$c2VhIHNhbHQ$mYRzXPSbg6u2Ato1ojAL5NndpjLeV3s+GUUDc3JUdQk=",
		"$pbkdf2$1000$5hzD2HuP8X4vpXRurdVa6w$IcW.Bq42lQhm3xfpUsPDtbfrV.s", "$pbkdf2-sha512$i=1,l=16$AA$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		form, err := parseHash(s)
		if err != nil {
			return
		}
		if len(s) > maxHashText || strings.ContainsAny(s, "\r\n\x00 ") {
			t.Fatalf("%q is understood", s)
		}
		switch h := form.(type) {
		case argonHash:
			if strings.TrimPrefix(s, "argon2") != h.String() {
				t.Fatalf("%q is read as %q: two texts for one hash", s, h.String())
			}
			if h.MemoryKiB > maxMemoryKiB || h.Time > maxTime || h.Threads > maxThreads || h.Threads == 0 || h.Time == 0 {
				t.Fatalf("%q costs too much, or nothing", s)
			}
			checkDerived(t, s, h.derived)
		case bcryptHash:
			if len(h.text) != 60 || !strings.HasSuffix(s, string(h.text)) {
				t.Fatalf("%q is read as %q", s, h.text)
			}
		case scryptHash:
			if work := uint64(h.n) * uint64(h.r) * uint64(h.p); work == 0 || work > maxScryptWork || h.memory() > maxMemoryKiB {
				t.Fatalf("%q costs too much, or nothing: %d", s, work)
			}
			checkDerived(t, s, h.derived)
		case pbkdf2Hash:
			if h.iterations < 1 || h.iterations > maxIterations || h.digest == nil {
				t.Fatalf("%q costs too much, or nothing", s)
			}
			checkDerived(t, s, h.derived)
		}
	})
}

func checkDerived(t *testing.T, s string, d derived) {
	t.Helper()
	if len(d.key) < minKey || len(d.key) > maxKey || len(d.salt) == 0 || len(d.salt) > maxSalt || d.is(nil) {
		t.Fatalf("%q has %d bytes of salt and %d of key", s, len(d.salt), len(d.key))
	}
}
