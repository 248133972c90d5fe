package api

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/fieldledger/fieldledger/commands"
)

// MissingYears returns at which of all sites the calendar lacks next year's
// days, as of now (ORG-03). Errors are those of the directory and of the
// policies' streams.
func MissingYears(ctx context.Context, directory Directory, policies *commands.Policies, now time.Time) ([]commands.MissingYear, error) {
	return policies.MissingYears(ctx, now, func(ctx context.Context) ([]string, error) {
		sites, _, _, err := directory.Sites(ctx, AsOf{}, nil, Page{Limit: math.MaxInt32 - 1})
		codes := make([]string, len(sites))
		for i, site := range sites {
			codes[i] = site.Code
		}
		return codes, err
	})
}

const alarmLimit = 500 * time.Millisecond // of the health answer

// alarms returns what somebody has to see to. An error means that this is not
// known. Which sites are concerned is not told: nobody needs a token for it.
func (s *Server) alarms(ctx context.Context) ([]Alarm, error) {
	ctx, cancel := context.WithTimeout(ctx, alarmLimit)
	defer cancel()
	missing, err := MissingYears(ctx, s.Directory, s.App.Policies, s.Clock.Now())
	if err != nil || len(missing) == 0 {
		return []Alarm{}, err
	}
	a := Alarm{Rule: "ORG-03", Key: AlarmCalendarYearMissing, Year: missing[0].Year, Sites: len(missing)}
	args := map[string]any{"year": a.Year, "sites": strconv.Itoa(a.Sites)}
	a.Text.En, a.Text.Zh = s.Text("en", "alarm.calendar_year_missing", args), s.Text("zh", "alarm.calendar_year_missing", args)
	return []Alarm{a}, nil
}
