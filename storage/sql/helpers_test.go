package sqlstore

import "errors"

func isError(err, want error) bool {
	return want == nil && err == nil || want != nil && errors.Is(err, want)
}
