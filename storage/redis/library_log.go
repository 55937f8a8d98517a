package redisstore

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// libraryLog sends what go-redis says on its own (lost connections, above all)
// to slog's default logger. The library has one logger for the whole process.
type libraryLog struct{}

// Printf implements the library's logger. Its texts name addresses, never credentials.
func (libraryLog) Printf(ctx context.Context, format string, v ...any) {
	slog.Default().WarnContext(ctx, "redis client: "+fmt.Sprintf(format, v...))
}

func routeLibraryLog() { redis.SetLogger(libraryLog{}) }
