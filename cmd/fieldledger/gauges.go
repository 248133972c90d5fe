package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/commands/timer"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// gauges tells how far the read models are, and the timers.
func (s *system) gauges() prometheus.Collector {
	return &progressCollector{s.manager, s.timers, s.managers}
}

type progressCollector struct {
	manager *readmodel.Manager
	timers  []*timer.Scheduler
	runners []*process.Runner
}

var (
	descNumber = prometheus.NewDesc("fieldledger_projection_number", "Last log number applied.", []string{"projection"}, nil)
	descLag    = prometheus.NewDesc("fieldledger_projection_lag_events", "Events behind the reader.", []string{"projection"}, nil)
	descDue    = prometheus.NewDesc("fieldledger_timers_due", "Steps that are due and have no answer.", []string{"timer"}, nil)
	descLate   = prometheus.NewDesc("fieldledger_timer_lag_seconds", "How late the last look was for the oldest step that it sent.", []string{"timer"}, nil)
	descTaken  = prometheus.NewDesc("fieldledger_timer_commands_total", "Commands of timers by what became of them.", []string{"timer", "outcome"}, nil)
	descOpen   = prometheus.NewDesc("fieldledger_process_open", "Events that a process manager took in and has not finished.", []string{"manager"}, nil)
	descWaits  = prometheus.NewDesc("fieldledger_process_waiting", "1 if the manager's last look went wrong and is tried again.", []string{"manager"}, nil)
	descSent   = prometheus.NewDesc("fieldledger_process_commands_total", "Commands of process managers by what became of them.", []string{"manager", "outcome"}, nil)
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
	ch <- descOpen
	ch <- descWaits
	ch <- descSent
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
	for _, r := range c.runners {
		st := r.Status()
		ch <- prometheus.MustNewConstMetric(descOpen, prometheus.GaugeValue, float64(st.Open), st.Manager)
		ch <- prometheus.MustNewConstMetric(descWaits, prometheus.GaugeValue, oneIf(st.Error), st.Manager)
		for outcome, n := range map[string]int64{"accepted": st.Accepted, "no_op": st.NoOp, "refused": st.Refused} {
			ch <- prometheus.MustNewConstMetric(descSent, prometheus.CounterValue, float64(n), st.Manager, outcome)
		}
	}
	for _, st := range c.manager.Status() {
		ch <- prometheus.MustNewConstMetric(descNumber, prometheus.GaugeValue, float64(st.Number), st.Projection)
		ch <- prometheus.MustNewConstMetric(descLag, prometheus.GaugeValue, float64(st.Lag), st.Projection)
		ch <- prometheus.MustNewConstMetric(descHalted, prometheus.GaugeValue, oneIf(st.State == readmodel.Halted), st.Projection)
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
