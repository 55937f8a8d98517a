package redisstore

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrURL says that a Redis URL cannot be used. Its texts never repeat a part of the URL: it may hold a password.
var ErrURL = errors.New("redis URL")

// ParseURL reads the address of a Redis:
//
//	redis://[[user]:password@]host[:6379][/db]
//	redis+sentinel://[[user]:password@]host[:26379][,host[:26379]…]/master[/db]
//	redis+cluster://[[user]:password@]host[:6379][,host[:6379]…]
//
// rediss, rediss+sentinel and rediss+cluster are the same over TLS, verified
// against the system's roots. IPv6 addresses stand in brackets. db is a number, 0 by
// default; a Cluster has only that. User and password are those of the
// Redis servers and are percent-encoded. If the Sentinels themselves ask for a password, it
// is given as ?sentinel_password=… (and sentinel_username=…). There are no other options.
func ParseURL(raw string) (*redis.UniversalOptions, error) {
	o, why := parseURL(raw)
	if why != "" {
		return nil, fmt.Errorf("%w %s", ErrURL, why)
	}
	return o, nil
}

// parseURL returns the options, or what is wrong.
func parseURL(raw string) (o *redis.UniversalOptions, why string) {
	scheme, rest, found := strings.Cut(raw, "://")
	form, known := forms[strings.ToLower(scheme)]
	if !found || !known {
		return nil, "must begin with redis://, rediss://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://"
	}
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	// net/url takes one host only, so it gets a stand-in for the list.
	u, err := url.Parse("redis://" + authority[:at] + "host" + tail)
	if err != nil {
		return nil, "has a part that cannot be read (percent-encode the characters / ? # @ : % and spaces in the password)"
	}
	o = &redis.UniversalOptions{IsClusterMode: form.cluster}
	if form.tls {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	for _, read := range []func() string{
		func() string { return readUser(o, u) },
		func() string { return readHosts(o, authority[at:], form) },
		func() string { return readPath(o, u, form) },
		func() string { return readOptions(o, u, form) },
	} {
		if why := read(); why != "" {
			return nil, why
		}
	}
	return o, ""
}

// urlForm is what a scheme says.
type urlForm struct{ tls, sentinel, cluster bool }

var forms = map[string]urlForm{
	"redis": {}, "rediss": {tls: true},
	"redis+sentinel": {sentinel: true}, "rediss+sentinel": {sentinel: true, tls: true},
	"redis+cluster": {cluster: true}, "rediss+cluster": {cluster: true, tls: true},
}

func readUser(o *redis.UniversalOptions, u *url.URL) string {
	if u.User == nil {
		return ""
	}
	o.Username = u.User.Username()
	o.Password, _ = u.User.Password()
	if o.Password == "" {
		return "has a user but no password (write :password@ for a password alone)"
	}
	return ""
}

func readHosts(o *redis.UniversalOptions, list string, form urlForm) string {
	defaultPort := "6379"
	if form.sentinel {
		defaultPort = "26379"
	}
	for host := range strings.SplitSeq(list, ",") {
		address, ok := readHost(host, defaultPort)
		if !ok {
			return "must name hosts as host or host:port, [IPv6] in brackets (percent-encode / ? # @ in the password)"
		}
		o.Addrs = append(o.Addrs, address)
	}
	if len(o.Addrs) > 1 && !form.sentinel && !form.cluster {
		return "names several hosts: use redis+sentinel:// or redis+cluster://"
	}
	return ""
}

func readHost(s, defaultPort string) (address string, ok bool) {
	host, port := s, defaultPort
	if bare, isV6 := strings.CutPrefix(s, "["); isV6 && strings.HasSuffix(s, "]") {
		host = strings.TrimSuffix(bare, "]")
	} else if strings.Contains(s, ":") {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return "", false
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", false
	}
	if strings.ContainsRune(host, ':') {
		ok = net.ParseIP(host) != nil
	} else {
		ok = isHostName(host)
	}
	return net.JoinHostPort(host, port), ok
}

func isHostName(s string) bool {
	const others = ".-_"
	return s != "" && len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		digit := '0' <= r && r <= '9'
		return !letter && !digit && !strings.ContainsRune(others, r)
	})
}

// readPath reads /db, or /master/db.
func readPath(o *redis.UniversalOptions, u *url.URL, form urlForm) string {
	db := strings.TrimPrefix(u.Path, "/")
	if form.sentinel {
		o.MasterName, db, _ = strings.Cut(db, "/")
		if o.MasterName == "" {
			return "needs the name of the master that the Sentinels watch, as in redis+sentinel://host:26379/mymaster"
		}
	}
	if db == "" {
		return ""
	}
	n, err := strconv.ParseUint(db, 10, 31)
	if err != nil {
		return "has a database that is not a number"
	}
	if form.cluster && n != 0 {
		return "must not name a database: a Cluster has only number 0"
	}
	o.DB = int(n)
	return ""
}

func readOptions(o *redis.UniversalOptions, u *url.URL, form urlForm) string {
	if u.Fragment != "" {
		return "has a # (percent-encode it in the password)"
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "has options that cannot be read"
	}
	for name, values := range query {
		switch {
		case form.sentinel && name == "sentinel_username" && len(values) == 1:
			o.SentinelUsername = values[0]
		case form.sentinel && name == "sentinel_password" && len(values) == 1:
			o.SentinelPassword = values[0]
		default:
			return "has options other than sentinel_username and sentinel_password of redis+sentinel://"
		}
	}
	return ""
}
