package pages

import (
	"fmt"
	"regexp"
	"time"

	"gatehouse/idp"
)

// fault puts a fault into words: by the format it was made of, which is a key of
// the area faults, else as the domain said it, in English. The catalogue's
// formats take every argument as text.
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
		values[i] = s.argument(a)
	}
	return fmt.Sprintf(format, values...)
}

// durationForm is how a time.Duration prints: an argument may come as the text of one.
var durationForm = regexp.MustCompile(`^(\d+h)?(\d+m)?\d+s$`)

func (s *speaker) argument(a any) string {
	said := fmt.Sprint(a)
	if durationForm.MatchString(said) {
		if d, err := time.ParseDuration(said); err == nil {
			return s.duration(d)
		}
	}
	return said
}

// duration puts a time into the largest unit that it is whole in: "90 days", "36 hours".
func (s *speaker) duration(d time.Duration) string {
	key, size := "time.seconds", time.Second
	switch {
	case d == 0:
	case d%(24*time.Hour) == 0:
		key, size = "time.days", 24*time.Hour
	case d%time.Hour == 0:
		key, size = "time.hours", time.Hour
	case d%time.Minute == 0:
		key, size = "time.minutes", time.Minute
	}
	said, err := s.say(text{key: key, count: int(d / size), counted: true})
	if err != nil {
		return d.String()
	}
	return said
}
