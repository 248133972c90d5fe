package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// gauges tells how far the read models are.
func (s *system) gauges() prometheus.Collector { return &progressCollector{s.manager} }

type progressCollector struct{ manager *readmodel.Manager }

var (
	descNumber = prometheus.NewDesc("fieldledger_projection_number", "Last log number applied.", []string{"projection"}, nil)
	descLag    = prometheus.NewDesc("fieldledger_projection_lag_events", "Events behind the reader.", []string{"projection"}, nil)
	descHalted = prometheus.NewDesc("fieldledger_projection_halted", "1 if the projection has halted.", []string{"projection"}, nil)
)

// Describe names the gauges.
func (c *progressCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- descNumber
	ch <- descLag
	ch <- descHalted
}

// Collect reads them.
func (c *progressCollector) Collect(ch chan<- prometheus.Metric) {
	for _, st := range c.manager.Status() {
		halted := 0.0
		if st.State == readmodel.Halted {
			halted = 1
		}
		ch <- prometheus.MustNewConstMetric(descNumber, prometheus.GaugeValue, float64(st.Number), st.Projection)
		ch <- prometheus.MustNewConstMetric(descLag, prometheus.GaugeValue, float64(st.Lag), st.Projection)
		ch <- prometheus.MustNewConstMetric(descHalted, prometheus.GaugeValue, halted, st.Projection)
	}
}
