package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
)

var lacking = []commands.MissingYear{{Site: "hq", Year: 2027}, {Site: "mine-1", Year: 2027}}

func TestORG03AGaugeNamesEachSiteThatLacksAYear(t *testing.T) {
	t.Parallel()
	var missing []commands.MissingYear
	var fault error
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(alarmCollector{func(context.Context) ([]commands.MissingYear, error) { return missing, fault }})
	gauges := func() map[string]float64 {
		t.Helper()
		families, err := registry.Gather()
		require.NoError(t, err)
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := []string{f.GetName()}
				for _, l := range m.GetLabel() {
					name = append(name, l.GetValue())
				}
				got[strings.Join(name, " ")] = m.GetGauge().GetValue()
			}
		}
		return got
	}
	require.Equal(t, map[string]float64{"fieldledger_alarms_unknown": 0}, gauges())
	missing = lacking
	require.Equal(t, map[string]float64{
		"fieldledger_alarms_unknown": 0, "fieldledger_calendar_year_missing hq": 2027, "fieldledger_calendar_year_missing mine-1": 2027,
	}, gauges())
	missing, fault = nil, errors.New("no store")
	require.Equal(t, map[string]float64{"fieldledger_alarms_unknown": 1}, gauges())
}

func TestORG03AWarningIsGivenOnceADay(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	var d daily
	var told []time.Time
	for range 72 {
		if d.first(at) {
			told = append(told, at)
		}
		at = at.Add(time.Hour)
	}
	require.Len(t, told, 3)
	require.Equal(t, 24*time.Hour, told[1].Sub(told[0]))
	require.Contains(t, alarmText("en", lacking), "2027 yet; import the yearly notice. Sites concerned: hq, mine-1.")
	require.Contains(t, alarmText("zh", lacking), "hq, mine-1")
}

func TestORG03DoctorTellsTheAlarmsOfARunningServer(t *testing.T) {
	t.Parallel()
	answer := `{"status":"ok","store":"ok","projections":[],"alarms":[]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
	defer server.Close()
	ask := func(lang string) (string, error) {
		var out bytes.Buffer
		err := doctorCmd{Server: server.URL, Lang: lang}.alarms(t.Context(), &terminal{out: &out, err: &out})
		return out.String(), err
	}
	out, err := ask("en")
	require.NoError(t, err)
	require.Contains(t, out, "ok   none")
	answer = `{"status":"ok","store":"ok","projections":[],"alarms":[{"rule":"ORG-03","key":"alarm.calendar_year_missing","year":2027,"sites":1,"text":{"en":"no days","zh":"没有日期"}}]}`
	out, err = ask("zh")
	require.ErrorIs(t, err, errRed)
	require.Contains(t, out, "no   ORG-03 没有日期")
	answer = `{}`
	out, err = ask("en")
	require.NoError(t, err)
	require.Contains(t, out, "no server answers")
}
