package calendar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

type hours = []calendar.Hours

var office = calendar.Content{
	Zone: "Asia/Shanghai",
	Week: calendar.Week{
		Mon: hours{{"08:00", "12:00"}, {"13:00", "18:00"}}, Tue: hours{{"08:00", "12:00"}, {"13:00", "18:00"}},
		Wed: hours{{"08:00", "12:00"}, {"13:00", "18:00"}}, Thu: hours{{"08:00", "12:00"}, {"13:00", "18:00"}},
		Fri: hours{{"08:00", "12:00"}, {"13:00", "18:00"}},
	},
	Days: map[domain.Day][]calendar.Hours{
		"2026-10-01": {},                   // holiday
		"2026-10-10": {{"09:00", "15:00"}}, // make-up workday, a Saturday
	},
}

func parse(tb testing.TB, c calendar.Content) *calendar.Calendar {
	tb.Helper()
	cal, err := calendar.Parse(c)
	require.NoError(tb, err)
	return cal
}

func instant(tb testing.TB, s string) time.Time {
	tb.Helper()
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(tb, err)
	return at
}

func TestWorkingTime(t *testing.T) {
	t.Parallel()
	night := calendar.Content{
		Zone: "Europe/Berlin",
		Week: calendar.Week{Sat: hours{{"22:00", "06:00"}}, Mon: hours{{"00:00", "24:00"}}, Tue: hours{{"00:00", "01:00"}}},
		Days: map[domain.Day][]calendar.Hours{"2026-05-10": {}}, // a Sunday
	}
	allDay := hours{{"00:00", "24:00"}}
	always := calendar.Week{Mon: allDay, Tue: allDay, Wed: allDay, Thu: allDay, Fri: allDay, Sat: allDay, Sun: allDay}
	for _, c := range []struct {
		name     string
		content  calendar.Content
		from, to string
		want     time.Duration
	}{
		{"ORG-03 a lunch break does not count", office, "2026-09-28T11:00:00+08:00", "2026-09-28T14:00:00+08:00", 2 * time.Hour},
		{"ORG-03 a weekend does not count", office, "2026-09-25T17:00:00+08:00", "2026-09-28T09:00:00+08:00", 2 * time.Hour},
		{"ORG-03 a holiday does not count", office, "2026-09-30T17:00:00+08:00", "2026-10-02T09:00:00+08:00", 2 * time.Hour},
		{"ORG-03 a make-up workday counts its own hours", office, "2026-10-10T00:00:00+08:00", "2026-10-11T00:00:00+08:00", 6 * time.Hour},
		{"SLA-04 an interval of nothing", office, "2026-09-28T11:00:00+08:00", "2026-09-28T11:00:00+08:00", 0},
		{"SLA-04 an interval turned round", office, "2026-09-28T14:00:00+08:00", "2026-09-28T11:00:00+08:00", 0},
		{"SLA-04 milliseconds count", office, "2026-09-28T11:59:59.999+08:00", "2026-09-28T13:00:00.001+08:00", 2 * time.Millisecond},
		{"SLA-04 hours over midnight end on the next day", night, "2026-05-02T00:00:00+02:00", "2026-05-04T00:00:00+02:00", 8 * time.Hour},
		{"ORG-03 a shift over midnight runs into a holiday", night, "2026-05-09T00:00:00+02:00", "2026-05-11T00:00:00+02:00", 8 * time.Hour},
		{"SLA-04 24:00 and 00:00 meet", night, "2026-05-04T00:00:00+02:00", "2026-05-06T00:00:00+02:00", 25 * time.Hour},
		{"SLA-04 a night with an hour less", night, "2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00", 7 * time.Hour},
		{"SLA-04 a night with an hour more", night, "2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00", 9 * time.Hour},
		{"SLA-04 a day with an hour less", calendar.Content{Zone: "Europe/Berlin", Week: always}, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23 * time.Hour},
		{"SLA-04 midnight that was skipped", calendar.Content{Zone: "America/Sao_Paulo", Week: always}, "2016-10-15T12:00:00-03:00", "2016-10-16T12:00:00-02:00", 23 * time.Hour},
		{"SLA-04 a fixed offset keeps no summer time", calendar.Content{Zone: "-03:00", Week: always}, "2016-10-15T12:00:00-03:00", "2016-10-16T12:00:00-03:00", 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cal := parse(t, c.content)
			require.Equal(t, c.want, cal.Working(instant(t, c.from), instant(t, c.to)))
		})
	}
}

func TestSpansAreJoinedOverMidnight(t *testing.T) { // SLA-04
	t.Parallel()
	day := hours{{"00:00", "12:00"}, {"12:00", "24:00"}}
	cal := parse(t, calendar.Content{Zone: "Europe/Berlin", Week: calendar.Week{Mon: day, Tue: day}})
	from, to := instant(t, "2026-03-29T00:00:00Z"), instant(t, "2026-04-05T00:00:00Z")
	var spans []string
	for f, until := range cal.Spans(from, to) {
		spans = append(spans, f.Format(time.RFC3339)+" "+until.Format(time.RFC3339))
	}
	require.Equal(t, []string{"2026-03-29T22:00:00Z 2026-03-31T22:00:00Z"}, spans)
}

func TestFaultsAreNamedByPointer(t *testing.T) { // ORG-03
	t.Parallel()
	day := hours{{"08:00", "18:00"}}
	for _, c := range []struct {
		name    string
		content calendar.Content
		want    []string
	}{
		{"a zone that does not exist", calendar.Content{Zone: "Mars", Week: calendar.Week{Mon: day}}, []string{"/zone calendar.zone_unknown"}},
		{"a zone that depends on the machine", calendar.Content{Zone: "Local", Week: calendar.Week{Mon: day}}, []string{"/zone calendar.zone_unknown"}},
		{"an offset beyond the world", calendar.Content{Zone: "+14:01", Week: calendar.Week{Mon: day}}, []string{"/zone calendar.zone_unknown"}},
		{"a week without an hour", calendar.Content{Zone: "UTC", Week: calendar.Week{Mon: hours{{"08:00", "08:59"}}}}, []string{"/week calendar.week_empty"}},
		{"each fault at once", calendar.Content{Zone: "UTC", Week: calendar.Week{Mon: day, Tue: hours{{"8:00", "18:00"}, {"09:00", "24:01"}, {"24:00", "02:00"}, {"10:00", "10:00"}}}}, []string{
			"/week/tue/0/0 calendar.time_malformed", "/week/tue/1/1 calendar.time_malformed",
			"/week/tue/2/0 calendar.time_malformed", "/week/tue/3 calendar.hours_empty",
		}},
		{"hours that overlap", calendar.Content{Zone: "UTC", Week: calendar.Week{Mon: hours{{"08:00", "12:00"}, {"11:59", "18:00"}}}}, []string{"/week/mon/1 calendar.hours_overlap"}},
		{"a date that there is not", calendar.Content{Zone: "UTC", Week: calendar.Week{Mon: day}, Days: map[domain.Day][]calendar.Hours{"2026-02-30": {}, "a/b~": {}}}, []string{
			"/days/2026-02-30 calendar.date_malformed", "/days/a~1b~0 calendar.date_malformed",
		}},
	} {
		t.Run("ORG-03 "+c.name, func(t *testing.T) {
			t.Parallel()
			_, err := calendar.Parse(c.content)
			require.Error(t, err)
			var joined interface{ Unwrap() []error }
			require.ErrorAs(t, err, &joined)
			var got []string
			for _, e := range joined.Unwrap() {
				fault, ok := errors.AsType[*domain.InvalidError](e)
				require.True(t, ok)
				require.Equal(t, "ORG-03", fault.Rule)
				got = append(got, fault.Pointer+" "+fault.Key)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestACalendarWithoutDaysOfItsOwnMissesNone(t *testing.T) { // ORG-03
	t.Parallel()
	day := hours{{"00:00", "24:00"}}
	cal, err := calendar.Parse(calendar.Content{Zone: "UTC", Week: calendar.Week{Mon: day}})
	require.NoError(t, err)
	_, missing := cal.Missing(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	require.False(t, missing)
	require.Equal(t, "0020-", calendar.Year(20))
}

func TestMissingListsEncodeAsEmpty(t *testing.T) { // POL-01
	t.Parallel()
	raw, err := json.Marshal(calendar.Content{Zone: "UTC", Week: calendar.Week{Sun: hours{{"08:00", "18:00"}}}, Days: map[domain.Day][]calendar.Hours{"2026-01-01": nil}})
	require.NoError(t, err)
	require.JSONEq(t, `{"zone":"UTC","week":{"mon":[],"tue":[],"wed":[],"thu":[],"fri":[],"sat":[],"sun":[["08:00","18:00"]]},"days":{"2026-01-01":[]}}`, string(raw))
}

// oracle counts working minutes one by one, by reading the clock on the wall.
type oracle struct {
	zone    *time.Location
	content calendar.Content
}

func (o oracle) hoursOf(date time.Time) []calendar.Hours {
	if h, ok := o.content.Days[domain.Day(date.Format(time.DateOnly))]; ok {
		return h
	}
	w := o.content.Week
	return [][]calendar.Hours{w.Sun, w.Mon, w.Tue, w.Wed, w.Thu, w.Fri, w.Sat}[date.Weekday()]
}

// counts reports whether the minute that begins at t is working time.
func (o oracle) counts(t time.Time) bool {
	wall := t.In(o.zone)
	date := time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
	clock := wall.Format("15:04")
	for _, h := range o.hoursOf(date) {
		over := h[1] <= h[0]
		if clock >= h[0] && (over || clock < h[1]) {
			return true
		}
	}
	for _, h := range o.hoursOf(date.AddDate(0, 0, -1)) {
		if h[1] <= h[0] && clock < h[1] {
			return true
		}
	}
	return false
}

func genHours(t *rapid.T, label string) []calendar.Hours {
	cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, 96), 0, 6, rapid.ID[int]).Draw(t, label)
	slices.Sort(cuts)
	clock := func(quarter int) string { return fmt.Sprintf("%02d:%02d", quarter/4, quarter%4*15) }
	var out []calendar.Hours
	for i := 0; i+1 < len(cuts); i += 2 {
		out = append(out, calendar.Hours{clock(cuts[i]), clock(cuts[i+1])})
	}
	if n := len(out); n > 0 && out[n-1][1] < "23:00" && rapid.Bool().Draw(t, label+" over midnight") {
		out = append(out, calendar.Hours{"23:00", clock(rapid.IntRange(0, 91).Draw(t, label+" until"))})
	}
	return out
}

func genContent(t *rapid.T, from time.Time) calendar.Content {
	c := calendar.Content{
		Zone: rapid.SampledFrom([]string{
			"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Shanghai", "America/New_York", "Pacific/Apia", "+05:45", "-03:00",
		}).Draw(t, "zone"),
		Week: calendar.Week{
			Mon: append(hours{{"00:00", "01:00"}}, func() []calendar.Hours {
				return slices.DeleteFunc(genHours(t, "mon"), func(h calendar.Hours) bool { return h[0] < "01:00" })
			}()...),
			Tue: genHours(t, "tue"), Wed: genHours(t, "wed"), Thu: genHours(t, "thu"),
			Fri: genHours(t, "fri"), Sat: genHours(t, "sat"), Sun: genHours(t, "sun"),
		},
		Days: map[domain.Day][]calendar.Hours{},
	}
	for range rapid.IntRange(0, 4).Draw(t, "days") {
		day := from.AddDate(0, 0, rapid.IntRange(-2, 10).Draw(t, "day"))
		c.Days[domain.Day(day.Format(time.DateOnly))] = genHours(t, "exception")
	}
	return c
}

// Dates around which the zones above change their clocks or skip a day.
var turns = []string{"2016-10-16", "2016-02-21", "2026-03-29", "2026-10-25", "2026-03-08", "2026-04-05", "2011-12-30", "1986-05-04", "2026-06-01"}

func TestClosedFormEqualsCountingMinutes(t *testing.T) { // SLA-04
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		turn, err := time.Parse(time.DateOnly, rapid.SampledFrom(turns).Draw(t, "turn"))
		require.NoError(t, err)
		content := genContent(t, turn)
		cal, err := calendar.Parse(content)
		require.NoError(t, err)
		minutes := func(label string) time.Duration { // small numbers are drawn more often, so days and minutes apart
			days, rest := rapid.IntRange(0, 4).Draw(t, label+" days"), rapid.IntRange(0, 1439).Draw(t, label+" minutes")
			return time.Duration(days*1440+rest) * time.Minute
		}
		from := turn.Add(-3*24*time.Hour + minutes("from"))
		to := from.Add(minutes("to"))

		reference := oracle{cal.Zone(), content}
		var want, got []time.Time
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			if reference.counts(at) {
				want = append(want, at)
			}
		}
		var last time.Time
		var sum time.Duration
		for f, until := range cal.Spans(from, to) {
			require.True(t, f.Before(until), "a span is not empty")
			require.True(t, last.IsZero() || last.Before(f), "spans are in order and apart")
			last, sum = until, sum+until.Sub(f)
			for at := f; at.Before(until); at = at.Add(time.Minute) {
				got = append(got, at)
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, time.Duration(len(want))*time.Minute, sum)
		require.Equal(t, sum, cal.Working(from, to))
	})
}

func TestWorkingTimeAddsUpWhereverItIsCut(t *testing.T) { // SLA-04
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start, err := time.Parse(time.DateOnly, rapid.SampledFrom(turns).Draw(t, "turn"))
		require.NoError(t, err)
		cal, err := calendar.Parse(genContent(t, start))
		require.NoError(t, err)
		cut := func(label string) time.Time {
			return start.Add(time.Duration(rapid.Int64Range(-400*86_400_000, 400*86_400_000).Draw(t, label)) * time.Millisecond)
		}
		at := []time.Time{cut("a"), cut("b"), cut("c")}
		slices.SortFunc(at, time.Time.Compare)
		require.Equal(t, cal.Working(at[0], at[2]), cal.Working(at[0], at[1])+cal.Working(at[1], at[2]))
	})
}

func BenchmarkWorkingOverAMonth(b *testing.B) {
	cal := parse(b, office)
	from := instant(b, "2026-09-15T09:13:00+08:00")
	to := from.AddDate(0, 1, 0)
	for b.Loop() {
		cal.Working(from, to)
	}
}

func BenchmarkSpansOverAMonth(b *testing.B) {
	cal := parse(b, office)
	from := instant(b, "2026-09-15T09:13:00+08:00")
	to := from.AddDate(0, 1, 0)
	for b.Loop() {
		for f, until := range cal.Spans(from, to) {
			_ = until.Sub(f)
		}
	}
}
