package main

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/messages"
)

const (
	alarmPatience = 2 * time.Second // of a scrape
	alarmEvery    = time.Hour
)

// missingYears returns at which sites the calendar lacks next year's days now (ORG-03).
func (s *system) missingYears(ctx context.Context) ([]commands.MissingYear, error) {
	ctx, cancel := context.WithTimeout(ctx, alarmPatience)
	defer cancel()
	return api.MissingYears(ctx, s.side, s.app.Policies, s.clock.Now())
}

// watchAlarms warns in the log of what somebody has to see to, once a day.
func (s *system) watchAlarms(ctx context.Context) error {
	tick := time.NewTicker(alarmEvery)
	defer tick.Stop()
	var d daily
	for {
		missing, err := s.missingYears(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.WarnContext(ctx, "alarms not known", "error", err)
		case len(missing) > 0 && d.first(s.clock.Now()):
			s.log.WarnContext(ctx, alarmText(messages.English, missing), "rule", "ORG-03", "text_zh", alarmText(messages.Chinese, missing))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// daily tells the first time of a day, in UTC, from the others.
type daily struct{ last domain.Day }

func (d *daily) first(now time.Time) bool {
	day := domain.DayOf(now, time.UTC)
	first := day != d.last
	d.last = day
	return first
}

// alarmText names the year and the sites; missing is not empty.
func alarmText(lang string, missing []commands.MissingYear) string {
	sites := make([]string, len(missing))
	for i, m := range missing {
		sites[i] = m.Site
	}
	return messages.Text(lang, "alarm.calendar_year_missing", map[string]any{"year": missing[0].Year, "sites": strings.Join(sites, ", ")})
}

// alarmCollector tells of each site whose calendar lacks next year's days.
type alarmCollector struct {
	find func(context.Context) ([]commands.MissingYear, error)
}

var (
	descMissing = prometheus.NewDesc("fieldledger_calendar_year_missing", "The next year, of which the site's working calendar has no days (ORG-03).", []string{"site"}, nil)
	descUnknown = prometheus.NewDesc("fieldledger_alarms_unknown", "1 if the alarms could not be found out.", nil, nil)
)

// Describe names the gauges.
func (c alarmCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- descMissing
	ch <- descUnknown
}

// Collect finds the alarms of now.
func (c alarmCollector) Collect(ch chan<- prometheus.Metric) {
	missing, err := c.find(context.Background())
	unknown := 0.0
	if err != nil {
		unknown = 1
	}
	ch <- prometheus.MustNewConstMetric(descUnknown, prometheus.GaugeValue, unknown)
	for _, m := range missing {
		ch <- prometheus.MustNewConstMetric(descMissing, prometheus.GaugeValue, float64(m.Year), m.Site)
	}
}
