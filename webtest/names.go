package webtest

import (
	"fmt"

	"github.com/google/uuid"
)

func newID() string { return uuid.NewString() }

func pad(n int) string { return fmt.Sprintf("%06d", n) }
