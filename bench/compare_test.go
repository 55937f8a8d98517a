package bench

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sample is what one chunk took, for one request.
type sample struct{ server, stores, wall time.Duration }

func (s sample) cpu() time.Duration { return s.server + s.stores }

// compare runs chunks on both sides in turn and reports the medians.
func (p *pair) compare(b *testing.B, e endpoint) {
	p.chunk(b, p.ours, e) // warm up
	p.chunk(b, p.floor, e)
	var ours, floor []sample
	for b.Loop() {
		ours = append(ours, p.chunk(b, p.ours, e))
		floor = append(floor, p.chunk(b, p.floor, e))
	}
	b.ReportMetric(0, "ns/op") // an op is a pair of chunks: of no interest
	b.ReportMetric(micros(median(ours, sample.cpu)), "µs/req")
	b.ReportMetric(micros(median(floor, sample.cpu)), "floor-µs/req")
	b.ReportMetric(float64(median(floor, sample.cpu))/float64(median(ours, sample.cpu)), "ratio")
	if p.redis != "" {
		stores := func(s sample) time.Duration { return s.stores }
		b.ReportMetric(micros(median(ours, stores)), "stores-µs/req")
		b.ReportMetric(micros(median(floor, stores)), "floor-stores-µs/req")
	}
	wall := median(ours, func(s sample) time.Duration { return s.wall })
	b.ReportMetric(1/wall.Seconds(), "req/s")
	if dir := os.Getenv("GATEHOUSE_BENCH_PROFILES"); dir != "" {
		p.profile(b, e, dir)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func median(list []sample, of func(sample) time.Duration) time.Duration {
	var values []time.Duration
	for _, s := range list {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// chunk runs e.chunk calls on a side. The benchmark's clock runs meanwhile only.
func (p *pair) chunk(b *testing.B, s *side, e endpoint) sample {
	b.Helper()
	b.StopTimer()
	do, err := e.prepare(s, e.chunk)
	if err != nil {
		b.Fatal(err)
	}
	server, stores := []int{s.cmd.Process.Pid}, p.stores()
	ran, storesRan, began := cpuTime(server), cpuTime(stores), time.Now()
	b.StartTimer()
	if err := spread(e.chunk, do); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	n := time.Duration(e.chunk)
	took := sample{wall: time.Since(began) / n, server: (cpuTime(server) - ran) / n, stores: (cpuTime(stores) - storesRan) / n}
	b.StartTimer() // b.Loop wants it to run
	return took
}

// profile saves five seconds of Gatehouse's processor profile under the endpoint's load.
func (p *pair) profile(b *testing.B, e endpoint, dir string) {
	b.Helper()
	do, err := e.prepare(p.ours, 40*e.chunk)
	if err != nil {
		b.Fatal(err)
	}
	saved := make(chan error)
	go func() { saved <- save("http://"+p.metrics+"/debug/pprof/profile?seconds=5", dir, b.Name()) }()
	if err := spread(40*e.chunk, do); err != nil {
		b.Error(err)
	}
	if err := <-saved; err != nil {
		b.Error(err)
	}
}

func save(url, dir, name string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	f, err := os.Create(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".pprof"))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, res.Body)
	return err
}
