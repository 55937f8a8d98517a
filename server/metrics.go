package server

import (
	"errors"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse/handlers"
	"gatehouse/idp"
)

// Metrics counts what happens, in a registry of its own. It is the
// handlers.Metrics of the program.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	tokens    *prometheus.CounterVec
	signIns   *prometheus.CounterVec
	waited    prometheus.Histogram
	stores    *prometheus.HistogramVec
	failures  *prometheus.CounterVec
}

var _ handlers.Metrics = (*Metrics)(nil)

// Seconds: answers without a password take tens of microseconds, those with one tens of milliseconds.
func latencyBuckets() []float64 {
	return []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

func newMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_http_requests_total", Help: "Answers to HTTP requests.",
		}, []string{"route", "method", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_http_request_duration_seconds", Help: "Time to answer HTTP requests.", Buckets: latencyBuckets(),
		}, []string{"route", "method"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_tokens_total", Help: "Answers of the token endpoint by grant type; outcome is ok or the error code.",
		}, []string{"grant", "outcome"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_sign_ins_total", Help: "Passwords given on the sign-in page, by outcome.",
		}, []string{"outcome"}),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gatehouse_password_hash_wait_seconds", Help: "Time waited for a slot to hash a password.", Buckets: latencyBuckets(),
		}),
		stores: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_store_duration_seconds", Help: "Time taken by store operations.", Buckets: latencyBuckets(),
		}, []string{"store", "op"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_store_unavailable_total", Help: "Store operations that failed because the backend did not answer.",
		}, []string{"store", "op"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "gatehouse_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.durations, m.tokens, m.signIns, m.waited, m.stores, m.failures, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request implements handlers.Metrics.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route, method).Observe(took.Seconds())
}

// Token implements handlers.Metrics.
func (m *Metrics) Token(grant, outcome string) { m.tokens.WithLabelValues(grant, outcome).Inc() }

// SignIn implements handlers.Metrics.
func (m *Metrics) SignIn(outcome string) { m.signIns.WithLabelValues(outcome).Inc() }

// hashWait is told how long a password had to wait for a slot.
func (m *Metrics) hashWait(_ int, waited time.Duration) { m.waited.Observe(waited.Seconds()) }

// watchHashQueue shows how many passwords wait for a slot.
func (m *Metrics) watchHashQueue(waiting func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gatehouse_password_hash_waiting", Help: "Passwords that wait for a slot to be hashed.",
	}, func() float64 { return float64(waiting()) }))
}

// watchAudit shows how many events the audit log lost.
func (m *Metrics) watchAudit(dropped func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "gatehouse_audit_dropped_total", Help: "Audit events that were lost because the store was too slow or refused them.",
	}, func() float64 { return float64(dropped()) }))
}

// store is told of every store operation.
func (m *Metrics) store(store, op string, took time.Duration, err error) {
	m.stores.WithLabelValues(store, op).Observe(took.Seconds())
	if errors.Is(err, idp.ErrUnavailable) {
		m.failures.WithLabelValues(store, op).Inc()
	}
}

// handler serves /metrics and the profiles of net/http/pprof. They say much
// about the inside, so they have a listener of their own.
func (m *Metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
