package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// cpuTime is how long the threads of the processes have run so far, in user
// and kernel mode, in nanoseconds' resolution (the first number of schedstat).
func cpuTime(pids []int) time.Duration {
	var sum time.Duration
	for _, pid := range pids {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, t := range threads {
			var ran time.Duration
			text, _ := os.ReadFile(t) // what just ended counts nothing
			_, _ = fmt.Sscan(string(text), &ran)
			sum += ran
		}
	}
	return sum
}

// memory reads a line of /proc/PID/status such as VmRSS, in bytes.
func memory(b *testing.B, pid int, name string) float64 {
	b.Helper()
	kib, err := strconv.Atoi(strings.TrimSuffix(status(pid, name), " kB"))
	if err != nil {
		b.Skip("no memory figures: they need Linux's /proc")
	}
	return float64(kib) * 1024
}

func status(pid int, name string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// children are the processes that a process has started and that still run.
func children(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var pids []int
	for _, field := range strings.Fields(string(text)) {
		child, _ := strconv.Atoi(field)
		pids = append(pids, child)
	}
	return pids
}

// postgresPID is the server's first process, whose children do the work.
func postgresPID(b *testing.B, databaseURL string) int {
	b.Helper()
	db, err := sql.Open("postgres", databaseURL)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var worker int
	if err := db.QueryRow("SELECT pg_backend_pid()").Scan(&worker); err != nil {
		b.Fatal(err)
	}
	pid, err := strconv.Atoi(status(worker, "PPid"))
	if err != nil {
		b.Skip("no processor times of Postgres: these figures need Linux's /proc and stores on this machine")
	}
	return pid
}

// redisInfo reads a number that INFO tells.
func redisInfo(b *testing.B, redisURL, name string) int {
	b.Helper()
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		b.Fatal(err)
	}
	c := redis.NewClient(o)
	defer c.Close()
	info, err := c.Info(context.Background(), "everything").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	b.Fatalf("Redis does not tell %s", name)
	return 0
}
