package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

// faultsOnly holds that err is made of faults of the content and of nothing else.
func faultsOnly(t *testing.T, err error) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok, "%v", err)
	for _, e := range joined.Unwrap() {
		fault := &domain.InvalidError{}
		require.ErrorAs(t, e, &fault)
		require.NotEmpty(t, fault.Pointer)
	}
}

// A calendar is refused for faults that have a place, or it measures: working
// time is never more than what passed, and a stretch is the sum of its parts.
func FuzzContent(f *testing.F) {
	f.Add([]byte(`{"zone":"Asia/Shanghai","week":{"mon":[["08:00","12:00"],["13:00","18:00"]],"sun":[["22:00","02:00"]]},"days":{"2026-10-01":[]}}`), int64(1_772_400_000_000), int64(86_400_000))
	f.Add([]byte(`{"zone":"-03:00","week":{"tue":[["00:00","24:00"]]},"days":{}}`), int64(0), int64(1))
	f.Add([]byte(`{"zone":"Local","week":{"mon":[["25:00","1"]]},"days":{"x":[]}}`), int64(-1), int64(5))
	f.Fuzz(func(t *testing.T, raw []byte, at, long int64) {
		var c calendar.Content
		if json.Unmarshal(raw, &c) != nil {
			return
		}
		cal, err := calendar.Parse(c)
		if err != nil {
			faultsOnly(t, err)
			return
		}
		const year = int64(366 * 24 * 3600 * 1000)
		from := time.UnixMilli(at % (100 * year))
		to := from.Add(time.Duration(max(long, -long)%year) * time.Millisecond)
		if to.Before(from) {
			return // of the least number, which has no opposite
		}
		middle := from.Add(to.Sub(from) / 2).Truncate(time.Millisecond)
		if middle.Before(from) {
			middle = from
		}
		whole := cal.Working(from, to)
		require.GreaterOrEqual(t, whole, time.Duration(0))
		require.LessOrEqual(t, whole, to.Sub(from))
		require.Equal(t, whole, cal.Working(from, middle)+cal.Working(middle, to))
	})
}

// A zone is known or refused, and a known one is found again by its name.
func FuzzZone(f *testing.F) {
	for _, name := range []string{"Asia/Shanghai", "UTC", "-03:00", "+14:00", "Local", "../etc/passwd", "+24:00", "", "\x00"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		zone, err := calendar.LoadZone(name)
		if err != nil {
			return
		}
		require.NotEmpty(t, name)
		again, err := calendar.LoadZone(name)
		require.NoError(t, err)
		require.Equal(t, zone.String(), again.String())
		_, offset := time.Unix(0, 0).In(zone).Zone()
		require.LessOrEqual(t, max(offset, -offset), 24*3600)
	})
}
