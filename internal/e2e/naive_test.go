package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

// row is a row of the sample, by column name.
type row map[string]string

func (r row) at(t *testing.T, column string) time.Time {
	t.Helper()
	at, err := time.Parse("2/1/2006 15:04", r[column])
	require.NoError(t, err)
	return at // local time of the log, taken as if it were UTC: only differences and hours of the day count
}

func unpacked(t *testing.T) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(importlog.Sample()))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	return plain
}

// cut returns the first n incidents of the sample, whole.
func cut(t *testing.T, n int) []byte {
	t.Helper()
	var out []byte
	seen := map[string]bool{}
	for i, line := range bytes.SplitAfter(unpacked(t), []byte("\n")) {
		name, _, _ := strings.Cut(string(line), ",")
		if i > 0 && !seen[name] {
			if len(seen) == n {
				break
			}
			seen[name] = true
		}
		out = append(out, line...)
	}
	return out
}

// incident is what a naive reading of the log says of one ticket.
type incident struct {
	number   string
	rows     []row // that do not contradict themselves
	month    string
	level    int
	team     string
	person   string
	resolved bool
	again    bool

	gross, paused           int64 // seconds up to the first resolution
	withinGross, withinNet  bool
	differs, ever           bool
	reassigned3, unresolved bool
	met, breached           bool // as the source says
}

// log is what a naive count says of a file.
type log struct {
	rows                     int
	states                   map[string]int
	repeated, older, unknown int
	withoutCreation          int
	teams, persons, callers  map[string]bool
	incidents                []*incident
}

var (
	levels = map[string]int{"1 - Critical": 1, "2 - High": 2, "3 - Moderate": 3, "4 - Low": 4}
	limits = map[int]int64{1: 4 * 3600, 2: 8 * 3600, 3: 24 * 3600, 4: 40 * 3600}
)

// count reads a log with no other help than its description.
func count(t *testing.T, file []byte) *log {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	require.NoError(t, err)
	l := &log{states: map[string]int{}, teams: map[string]bool{}, persons: map[string]bool{}, callers: map[string]bool{}}
	byNumber := map[string][]row{}
	var order []string
	for _, fields := range records[1:] {
		r := row{}
		for i, name := range records[0] {
			r[name] = fields[i]
		}
		l.rows++
		l.states[r["incident_state"]]++
		l.teams[r["assignment_group"]], l.persons[r["assigned_to"]], l.callers[r["caller_id"]] = true, true, true
		if r["sys_created_at"] == "?" {
			l.withoutCreation++
		}
		if byNumber[r["number"]] == nil {
			order = append(order, r["number"])
		}
		byNumber[r["number"]] = append(byNumber[r["number"]], r)
	}
	for _, number := range order {
		if in := l.read(t, number, byNumber[number]); in != nil {
			l.incidents = append(l.incidents, in)
		}
	}
	return l
}

func (l *log) read(t *testing.T, number string, all []row) *incident {
	t.Helper()
	in := &incident{number: number}
	seen := map[string]bool{}
	var last time.Time
	for _, r := range all {
		if r["incident_state"] == "-100" {
			l.unknown++
			continue
		}
		at := r.at(t, "sys_updated_at")
		repeated, older := seen[r["sys_mod_count"]], at.Before(last)
		last = at
		if older {
			l.older++
		}
		if repeated {
			l.repeated++
		}
		if !repeated && !older {
			seen[r["sys_mod_count"]] = true
			in.rows = append(in.rows, r)
		}
	}
	if len(in.rows) == 0 {
		return nil
	}
	in.measure(t)
	in.claims(t)
	return in
}

// measure finds the first resolution and counts its minutes one by one.
func (in *incident) measure(t *testing.T) {
	t.Helper()
	start := in.rows[0].at(t, "opened_at")
	if first := in.rows[0].at(t, "sys_updated_at"); start.After(first) {
		start = first
	}
	in.month = start.Format("2006-01")
	var pauses [][2]time.Time
	var since time.Time // of an open pause
	ended := false
	for _, r := range in.rows {
		at, state := r.at(t, "sys_updated_at"), r["incident_state"]
		waits := strings.HasPrefix(state, "Awaiting")
		over := state == "Resolved" || state == "Closed"
		if in.resolved {
			in.again = in.again || !over
			continue
		}
		if ended && state != "Closed" { // taken up again: another cycle with clocks of its own
			start, pauses = at, nil
		}
		switch {
		case waits && since.IsZero():
			since = at
		case !waits && !since.IsZero():
			pauses, since = append(pauses, [2]time.Time{since, at}), time.Time{}
		}
		ended = over
		if state == "Resolved" {
			in.resolved = true
			in.gross, in.paused = minutes(start, at, pauses)
			limit := limits[levels[r["priority"]]]
			in.withinGross, in.withinNet = in.gross <= limit, in.gross-in.paused <= limit
		}
	}
}

// minutes counts those of working days from 8 to 18 o'clock, one by one.
func minutes(start, end time.Time, pauses [][2]time.Time) (gross, paused int64) {
	from, to := start.Unix()/60, end.Unix()/60
	for m := from; m < to; m++ {
		day, minute := m/1440, m%1440
		if weekday := (day + 4) % 7; weekday == 0 || weekday == 6 || minute < 8*60 || minute >= 18*60 {
			continue
		}
		gross += 60
		for _, p := range pauses {
			if m >= p[0].Unix()/60 && m < p[1].Unix()/60 {
				paused += 60
				break
			}
		}
	}
	return gross, paused
}

// claims reads what stands on the last row, and how the level went.
func (in *incident) claims(t *testing.T) {
	t.Helper()
	first, last := in.rows[0], in.rows[len(in.rows)-1]
	in.level, in.team, in.person = levels[last["priority"]], last["assignment_group"], last["assigned_to"]
	in.differs = first["priority"] != last["priority"]
	in.ever = slices.ContainsFunc(in.rows, func(r row) bool { return r["priority"] != first["priority"] })
	n, err := strconv.Atoi(last["reassignment_count"])
	require.NoError(t, err)
	in.reassigned3 = n >= 3
	in.unresolved = last["incident_state"] == "Closed" && last["resolved_at"] == "?"
	in.met, in.breached = last["made_sla"] == "true", last["made_sla"] == "false"
}
