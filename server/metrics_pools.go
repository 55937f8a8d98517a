package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/storage"
)

// poolCollector reads the connection pools when somebody asks.
type poolCollector struct {
	stores      *storage.Stores
	connections *prometheus.Desc
	limit       *prometheus.Desc
}

func (m *Metrics) watchPools(s *storage.Stores) {
	m.registry.MustRegister(&poolCollector{
		stores:      s,
		connections: prometheus.NewDesc("gatehouse_pool_connections", "Connections to the stores.", []string{"pool", "state"}, nil),
		limit:       prometheus.NewDesc("gatehouse_pool_connections_max", "Connections there may be.", []string{"pool"}, nil),
	})
}

// Describe implements prometheus.Collector.
func (c *poolCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.connections; ch <- c.limit }

// Collect implements prometheus.Collector.
func (c *poolCollector) Collect(ch chan<- prometheus.Metric) {
	for _, p := range c.stores.PoolStats() {
		gauge := func(d *prometheus.Desc, n int, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
		}
		gauge(c.connections, p.InUse, p.Pool, "in_use")
		gauge(c.connections, p.Idle, p.Pool, "idle")
		if p.Max > 0 {
			gauge(c.limit, p.Max, p.Pool)
		}
	}
}
