package oauth

import "time"

// lives is how long tokens live that the keys sign.
type lives struct {
	longest time.Duration // of those signed since
	since   time.Time     // zero: always
}

func (k *Keyring) lives() lives {
	s := k.o.Settings()
	l := lives{longest: max(s.AccessTokenTTL, s.IDTokenTTL)}
	if k.o.SettingsSaved != nil {
		l.since = k.o.SettingsSaved()
	}
	return l
}

// lastExpiry is when the last token has expired that a key signed which stopped
// signing at over. What it signed before the settings changed may have had the longest life there is.
func (l lives) lastExpiry(over time.Time) time.Time {
	end := over.Add(l.longest)
	if l.since.IsZero() {
		return end
	}
	earlier := over
	if l.since.Before(over) {
		earlier = l.since
	}
	if before := earlier.Add(maxTokenTTL); before.After(end) {
		return before
	}
	return end
}

// setRetirement finds, for each key that another one took over from, when its
// last token has expired. The order in which keys sign is that of their times:
// after a revocation it is not always that of the chain.
func (s *keySet) setRetirement(l lives) {
	for _, r := range s.keys {
		r.retires = time.Time{}
		if over := s.takenOver(r); !over.IsZero() {
			r.retires = l.lastExpiry(over).Add(retireMargin)
		}
	}
}

// takenOver is when the next key of the algorithm signs instead of r, zero
// when none is going to.
func (s *keySet) takenOver(r *ringKey) time.Time {
	var first time.Time
	for _, next := range s.keys {
		if r.ActivateAt == nil || next.Alg != r.Alg || next.ActivateAt == nil || !next.ActivateAt.After(*r.ActivateAt) {
			continue
		}
		if next.RevokedAt != nil && !next.RevokedAt.After(*next.ActivateAt) {
			continue // it never signed
		}
		if first.IsZero() || next.ActivateAt.Before(first) {
			first = *next.ActivateAt
		}
	}
	return first
}
