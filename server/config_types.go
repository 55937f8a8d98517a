package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"gatehouse/idp"
)

// Networks is a comma-separated list of addresses and networks in CIDR form.
type Networks []netip.Prefix

// UnmarshalText reads the list.
func (n *Networks) UnmarshalText(text []byte) error {
	var all Networks
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := parseNetwork(part)
		if err != nil {
			return fmt.Errorf("must hold addresses or networks such as 10.0.0.0/8 with commas between; %q is none", part)
		}
		all = append(all, p)
	}
	*n = all
	return nil
}

func parseNetwork(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		if addr.Zone() != "" {
			return netip.Prefix{}, errors.New("has a zone")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// String writes the list as it was read.
func (n Networks) String() string {
	parts := make([]string, len(n))
	for i, p := range n {
		parts[i] = p.String()
	}
	return strings.Join(parts, ",")
}

// LogLevel is how much is logged.
type LogLevel struct{ slog.Level }

// UnmarshalText reads debug, info, warn or error.
func (l *LogLevel) UnmarshalText(text []byte) error {
	switch name := strings.ToLower(string(text)); name {
	case "debug", "info", "warn", "error":
		return l.Level.UnmarshalText(text)
	}
	return errors.New("must be debug, info, warn or error")
}

// LogValue is the whole configuration for the log, secrets hidden. Of an
// address that holds a password, only the password is.
func (c *Config) LogValue() slog.Value {
	v := reflect.ValueOf(c).Elem()
	var attrs []slog.Attr
	for name, f := range variables() {
		attrs = append(attrs, slog.String(name, show(v.FieldByIndex(f.Index).Interface())))
	}
	return slog.GroupValue(attrs...)
}

// chosen is what differs from the defaults, for people who read the log.
func (c *Config) chosen() slog.Value {
	usual, err := Load(nil)
	if err != nil { // the defaults always load
		return c.LogValue()
	}
	defaults := usual.LogValue().Group()
	return slog.GroupValue(slices.DeleteFunc(c.LogValue().Group(), func(a slog.Attr) bool {
		return slices.ContainsFunc(defaults, a.Equal)
	})...)
}

func show(value any) string {
	switch v := value.(type) {
	case idp.Secret:
		return showSecret(string(v))
	case time.Duration:
		return idp.ShortDuration(v)
	}
	return fmt.Sprint(value)
}

// showSecret keeps of a URL what helps to find a mistake: scheme, host and path.
// Query parameters can carry passwords too, so they go.
func showSecret(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" {
		if hasSQLiteScheme(s) {
			return s
		}
		return idp.Secret(s).String()
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}
