package pages

import (
	"fmt"
	"time"

	"gatehouse/idp"
)

// fault puts a fault into words: by the format it was made of, which is a key of
// the area faults, else as the domain said it, in English.
func (s *speaker) fault(f idp.Fault) string {
	key := f.Format
	if key == "" {
		key = f.Message
	}
	format, err := s.say(text{key: key})
	if err != nil {
		return f.Message
	}
	values := make([]any, len(f.Args))
	for i, a := range f.Args {
		if d, ok := a.(time.Duration); ok {
			a = s.duration(d)
		}
		values[i] = a
	}
	return fmt.Sprintf(format, values...)
}

// duration puts a time into the largest unit that it is whole in: "90 days", "36 hours".
func (s *speaker) duration(d time.Duration) string {
	for _, unit := range []struct {
		key  string
		size time.Duration
	}{{"time.days", 24 * time.Hour}, {"time.hours", time.Hour}, {"time.minutes", time.Minute}} {
		if d%unit.size != 0 || d == 0 {
			continue
		}
		if said, err := s.say(text{key: unit.key, count: int(d / unit.size), counted: true}); err == nil {
			return said
		}
	}
	said, err := s.say(text{key: "time.seconds", count: int(d / time.Second), counted: true})
	if err != nil {
		return d.String()
	}
	return said
}
