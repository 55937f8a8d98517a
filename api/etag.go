package api

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"gatehouse/idp"
	"gatehouse/web"
)

// entityTag is the entity tag of a record as it is shown: its version, and a
// digest of the body. The body holds more than the version covers, such as the
// last sign-in, so a copy is fresh only when both are the same (If-None-Match).
// A change, however, is lost only when the version differs, so If-Match looks
// at the version alone: somebody's sign-in makes no edit stale.
func entityTag(version time.Time, body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + strconv.FormatInt(version.UnixMicro(), 36) + "." + hex.EncodeToString(sum[:6]) + `"`
}

// versionOf reads the version from an entity tag of ours.
func versionOf(tag string) (time.Time, bool) {
	version, _, ours := strings.Cut(strings.Trim(tag, `"`), ".")
	micros, err := strconv.ParseInt(version, 36, 64)
	if !ours || err != nil {
		return time.Time{}, false
	}
	return time.UnixMicro(micros).UTC(), true
}

// condition is a parsed If-Match or If-None-Match header (RFC 9110 §13.1).
type condition struct {
	sent bool
	any  bool     // "*"
	tags []string // with their quotes; a weak one keeps its W/
}

// maxTags bounds a list of entity tags.
const maxTags = 20

func parseCondition(headers []string) (condition, error) {
	if len(headers) == 0 {
		return condition{}, nil
	}
	rest := strings.Trim(strings.Join(headers, ","), " \t")
	if rest == "*" {
		return condition{sent: true, any: true}, nil
	}
	c := condition{sent: true}
	for rest != "" {
		tag, after, ok := cutTag(rest)
		if !ok || len(c.tags) == maxTags {
			return condition{}, web.BadInput("If-Match and If-None-Match take entity tags in double quotes, or *")
		}
		c.tags = append(c.tags, tag)
		rest = after
	}
	return c, nil
}

// cutTag takes the first entity-tag off a list (RFC 9110 §8.8.3).
func cutTag(list string) (tag, rest string, ok bool) {
	start := 0
	if strings.HasPrefix(list, "W/") {
		start = 2
	}
	if len(list) <= start || list[start] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(list[start+1:], '"')
	if end < 0 {
		return "", "", false
	}
	end += start + 2
	tag, rest = list[:end], strings.TrimLeft(list[end:], " \t")
	for _, b := range []byte(tag) {
		if b < '!' || b == 0x7f {
			return "", "", false
		}
	}
	if rest == "" {
		return tag, "", true
	}
	if rest[0] != ',' {
		return "", "", false
	}
	rest = strings.TrimLeft(rest, ", \t") // empty elements are allowed (RFC 9110 §5.6.1.2)
	return tag, rest, true
}

// fresh reports whether the caller has this very answer (weak comparison, RFC 9110 §13.1.2).
func (c condition) fresh(tag string) bool {
	if c.any {
		return true
	}
	for _, t := range c.tags {
		if strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

// since returns the version that the caller saw, for a change that is done
// only if it is still that one; zero when the caller did not ask for that.
// current helps to choose among several. A tag that is not ours, or weak,
// matches nothing (strong comparison, RFC 9110 §13.1.1).
func (c condition) since(current time.Time) (time.Time, error) {
	if !c.sent || c.any {
		return time.Time{}, nil
	}
	var seen time.Time
	for _, t := range c.tags {
		version, ours := versionOf(t)
		switch {
		case !ours || strings.HasPrefix(t, "W/"):
		case version.Equal(current):
			return version, nil
		default:
			seen = version
		}
	}
	if seen.IsZero() {
		return seen, idp.ErrStale
	}
	return seen, nil
}

// check is since for changes that a store does not compare versions for.
func (c condition) check(current time.Time) error {
	seen, err := c.since(current)
	if err == nil && !seen.IsZero() && !seen.Equal(current) {
		return idp.ErrStale
	}
	return err
}
