package china_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/calendar/china"
)

// The free weekdays less the make-up workdays of a year are the days that the
// law gives: 11, and 13 from 2025 on.
func TestEachYearGivesAsManyDaysAsTheLaw(t *testing.T) { // ORG-03
	t.Parallel()
	given := map[int]int{
		2011: 10, 2012: 12, // 2011-12-31 was worked for a free day of 2012
		2015: 12, // the 3rd of September, once
		2020: 13, // the Spring Festival was prolonged by a free Friday, a make-up Saturday was not worked
		2025: 13, 2026: 13,
	}
	for year := 2010; year <= 2026; year++ {
		days, ok := china.Days(year)
		require.True(t, ok, year)
		net := 0
		for date, day := range days {
			at, err := time.Parse(time.DateOnly, string(date))
			require.NoError(t, err)
			weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
			require.NotEmpty(t, day.Name)
			switch {
			case day.Work:
				require.True(t, weekend, "%s makes up on a weekend", date)
				net--
			case !weekend:
				net++
			}
		}
		want := given[year]
		if want == 0 {
			want = 11
		}
		require.Equal(t, want, net, year)
		first := domain.Day(calendar.Year(year) + "10-01")
		require.Contains(t, days, first)
		require.False(t, days[first].Work)
	}
}

func TestKnownDays(t *testing.T) { // ORG-03
	t.Parallel()
	for date, work := range map[domain.Day]bool{
		"2026-02-14": true, "2026-02-15": false, "2026-02-23": false, "2026-02-28": true, "2026-09-20": true, "2026-10-10": true,
		"2013-04-07": true, "2013-10-12": true, "2020-01-31": false, "2015-09-03": false,
	} {
		at, err := time.Parse(time.DateOnly, string(date))
		require.NoError(t, err)
		days, ok := china.Days(at.Year())
		require.True(t, ok)
		day, there := days[date]
		require.True(t, there, date)
		require.Equal(t, work, day.Work, date)
	}
}

func TestAYearThatWasNotDecreedIsNotGuessed(t *testing.T) { // ORG-03
	t.Parallel()
	for _, year := range []int{2009, 2027, 201, 20} {
		_, ok := china.Days(year)
		require.False(t, ok, year)
		into := map[domain.Day][]calendar.Hours{}
		require.False(t, china.Fill(into, year, nil))
		require.Empty(t, into)
	}
}

func TestACalendarFilledWithAYear(t *testing.T) { // ORG-03
	t.Parallel()
	hours := []calendar.Hours{{"08:30", "17:30"}}
	c := calendar.Content{
		Zone: "Asia/Shanghai", Week: calendar.Week{Mon: hours, Tue: hours, Wed: hours, Thu: hours, Fri: hours},
		Days: map[domain.Day][]calendar.Hours{"2026-10-08": {}}, // the desk's own
	}
	require.True(t, china.Fill(c.Days, 2026, hours))
	cal, err := calendar.Parse(c)
	require.NoError(t, err)
	worked := func(from, to string) time.Duration {
		f, err := time.ParseInLocation(time.DateOnly, from, cal.Zone())
		require.NoError(t, err)
		u, err := time.ParseInLocation(time.DateOnly, to, cal.Zone())
		require.NoError(t, err)
		return cal.Working(f, u)
	}
	require.Equal(t, 9*time.Hour, worked("2026-02-14", "2026-02-24"), "Saturday is worked, nine days are free")
	require.Equal(t, 2*9*time.Hour, worked("2026-10-01", "2026-10-11"), "the 9th and Saturday the 10th; the desk closes on the 8th itself")
	_, missing := cal.Missing(time.Date(2026, 11, 30, 15, 59, 0, 0, time.UTC))
	require.False(t, missing, "it is not December in Shanghai yet")
	year, missing := cal.Missing(time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC))
	require.True(t, missing)
	require.Equal(t, 2027, year)
	c.Days["2027-01-01"] = []calendar.Hours{}
	cal, err = calendar.Parse(c)
	require.NoError(t, err)
	_, missing = cal.Missing(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC))
	require.False(t, missing)
}
