package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// gauges tells how far the read models are, and the timers.
func (s *system) gauges() prometheus.Collector { return &progressCollector{s.manager, s.timers} }

type progressCollector struct {
	manager *readmodel.Manager
	timers  []*timer.Scheduler
}

var (
	descNumber = prometheus.NewDesc("fieldledger_projection_number", "Last log number applied.", []string{"projection"}, nil)
	descLag    = prometheus.NewDesc("fieldledger_projection_lag_events", "Events behind the reader.", []string{"projection"}, nil)
	descDue    = prometheus.NewDesc("fieldledger_timers_due", "Steps that are due and have no answer.", []string{"timer"}, nil)
	descLate   = prometheus.NewDesc("fieldledger_timer_lag_seconds", "How late the last look was for the oldest step that it sent.", []string{"timer"}, nil)
	descTaken  = prometheus.NewDesc("fieldledger_timer_commands_total", "Commands of timers by what became of them.", []string{"timer", "outcome"}, nil)
	descHalted = prometheus.NewDesc("fieldledger_projection_halted", "1 if the projection has halted.", []string{"projection"}, nil)
)

// Describe names the gauges.
func (c *progressCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- descNumber
	ch <- descLag
	ch <- descHalted
	ch <- descDue
	ch <- descLate
	ch <- descTaken
}

// Collect reads them.
func (c *progressCollector) Collect(ch chan<- prometheus.Metric) {
	for _, t := range c.timers {
		st := t.Status()
		ch <- prometheus.MustNewConstMetric(descDue, prometheus.GaugeValue, float64(st.Due), t.Name())
		ch <- prometheus.MustNewConstMetric(descLate, prometheus.GaugeValue, st.Lag.Seconds(), t.Name())
		for outcome, n := range map[string]int64{"accepted": st.Taken, "no_op": st.Idle, "refused": st.Refused} {
			ch <- prometheus.MustNewConstMetric(descTaken, prometheus.CounterValue, float64(n), t.Name(), outcome)
		}
	}
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
