package settings

import "gatehouse/idp"

func (s *Service) merge(stored *idp.StoredSettings) (merged idp.Settings, ignored []string) {
	return s.o.Base, nil
}
