package bench

import (
	"os"
	"testing"
	"time"
)

const megabyte = 1 << 20

// BenchmarkStart measures the time from the start with an empty data folder to
// the first answer, and the size of the stripped binary.
func BenchmarkStart(b *testing.B) {
	path := program(b)
	file, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		address := freeAddress(b)
		env := environment(b.TempDir(), address)
		b.StartTimer()
		p := start(b, "http://"+address, env, path, "serve")
		b.StopTimer()
		p.stop()
		b.StartTimer()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/start")
	b.ReportMetric(float64(file.Size())/megabyte, "MB-binary")
}

// BenchmarkMemory measures the resident memory after the start, under the load
// of all that hashes no password, and the highest with 32 sign-ins at a time.
func BenchmarkMemory(b *testing.B) {
	address := freeAddress(b)
	fresh := start(b, "http://"+address, environment(b.TempDir(), address), program(b), "serve")
	time.Sleep(2 * time.Second) // the memory of the first administrator's hash goes back
	idle := memory(b, fresh.cmd.Process.Pid, "VmRSS")
	fresh.stop()
	p := startPair(b, false)
	pid := p.ours.cmd.Process.Pid
	load := func(passwords bool) {
		for _, e := range endpoints() {
			if passwords == (e.name == "password") {
				p.chunk(b, p.ours, e)
			}
		}
	}
	for b.Loop() {
		load(false)
	}
	busy := memory(b, pid, "VmRSS")
	for range 10 {
		load(true)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(idle/megabyte, "MB-idle")
	b.ReportMetric(busy/megabyte, "MB-busy")
	b.ReportMetric(memory(b, pid, "VmHWM")/megabyte, "MB-highest")
}

// BenchmarkRedisGrant measures what a live grant takes in Redis, with its share
// of the indexes.
func BenchmarkRedisGrant(b *testing.B) {
	p := startPair(b, true)
	if _, err := p.ours.chains(quick, "api"); err != nil { // loads the scripts
		b.Fatal(err)
	}
	before, made := redisInfo(b, p.redis, "used_memory"), 0
	for b.Loop() {
		if _, err := p.ours.chains(quick, "api"); err != nil {
			b.Fatal(err)
		}
		made += connections
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(redisInfo(b, p.redis, "used_memory")-before)/float64(made), "B/grant")
}
