package keeping_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/keeping"
)

var (
	zone  = time.FixedZone("", 8*3600)
	first = time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC) // noon
)

var days = func() (out [150]domain.Day) {
	for n := range out {
		out[n] = domain.DayOf(first.AddDate(0, 0, n), zone)
	}
	return out
}()

func day(n int) domain.Day { return days[n] }

func at(n int) domain.Instant { return domain.At(first.AddDate(0, 0, n)) }

func fold(t *testing.T, events ...tool.Event) keeping.Tool {
	t.Helper()
	evolve := keeping.Tools().Evolve
	var r keeping.Tool
	for i, e := range events {
		var err error
		r, err = evolve(r, eventschemas.Record{Recorded: eventschemas.Recorded{Revision: uint64(i), ID: uuid.UUID{byte(i), 1}}, Event: e})
		require.NoError(t, err)
	}
	return r
}

func registered(category string) tool.Registered {
	return tool.Registered{At: at(0), Number: "G-1", Kind: "gloves", Category: category, Home: "main", Holder: tool.Holder{Kind: tool.Store, Who: "main"}}
}

func inspected(on int, next int) tool.Inspected {
	e := tool.Inspected{At: at(on), On: day(on), Passed: next > 0}
	if next > 0 {
		e.Next = new(day(next))
	}
	return e
}

func lent(n int) tool.Lent {
	return tool.Lent{At: at(n), Holder: tool.Holder{Kind: tool.Person, Who: "li"}, Until: at(n + 1)}
}

func returned(n int) tool.Returned { return tool.Returned{At: at(n), Store: "main"} }

func TestINS02AStretchPastTheLastDayBeginsAfterItAndEndsWithTheReturn(t *testing.T) {
	t.Parallel()
	r := fold(t, registered("safety"), inspected(1, 10), lent(5), returned(14))
	got := r.Lapses(zone, day(0), day(100))
	require.Len(t, got, 1)
	require.Equal(t, []domain.Day{day(11), day(14), day(10)}, []domain.Day{got[0].From, got[0].To, got[0].LastDay})
	require.Equal(t, "person:li", got[0].Holder)
	require.Equal(t, []uint64{2, 1, 3}, []uint64{got[0].Custody.Revision, got[0].Result.Revision, got[0].Ends.Revision}, "the events that say so")
	require.Empty(t, r.Lapses(zone, day(0), day(10)))
	clipped := r.Lapses(zone, day(12), day(13))
	require.Equal(t, []domain.Day{day(12), day(13)}, []domain.Day{clipped[0].From, clipped[0].To})
	require.Nil(t, clipped[0].Ends, "it went on")
}

func TestINS01ASafetyToolThatNeverPassedIsPastFromTheStart(t *testing.T) {
	t.Parallel()
	require.Len(t, fold(t, registered("safety"), lent(5)).Lapses(zone, day(0), day(9)), 1)
	require.Empty(t, fold(t, registered("hand"), lent(5)).Lapses(zone, day(0), day(9)), "others need no inspection")
	require.Len(t, fold(t, registered("hand"), inspected(1, 3), lent(5)).Lapses(zone, day(0), day(9)), 1, "unless they have one")
}

// The stretches are what one gets by asking day after day; and the columns by
// which a period finds its tools leave none out.
func TestINS02StretchesAreWhatEachDaySays(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 9))
	asked, past := 0, 0
	for range 1000 {
		events := []tool.Event{registered([]string{"safety", "hand"}[random.IntN(2)])}
		out := make([]bool, 101)  // in use on that day
		cover := make([]int, 101) // 0 uncovered, 1 good, by the newest result
		subject := events[0].(tool.Registered).Category == "safety"
		held := false
		results := []tool.Inspected{}
		for n := 1; n < 100; n++ {
			switch random.IntN(12) {
			case 0:
				if !held {
					events, held = append(events, lent(n)), true
				}
			case 1:
				if held {
					events, held = append(events, returned(n)), false
					out[n] = true // until noon
				}
			case 2:
				next := 0
				if random.IntN(3) > 0 {
					next = n + random.IntN(20)
				}
				i := inspected(n, next)
				events, results, subject = append(events, i), append(results, i), true
			}
			out[n] = out[n] || held
		}
		out[100] = held
		for n := range cover {
			for _, i := range results {
				if i.On > day(n) {
					break
				}
				cover[n] = 0
				if i.On == day(n) || i.Next != nil && *i.Next >= day(n) {
					cover[n] = 1
				}
			}
		}
		r := fold(t, events...)
		found := map[domain.Day]bool{}
		for _, l := range r.Lapses(zone, day(0), day(100)) {
			for n := range 101 {
				if l.From <= day(n) && day(n) <= l.To {
					found[day(n)] = true
				}
			}
		}
		for n := range 101 {
			asked++
			want := subject && out[n] && cover[n] == 0
			if want {
				past++
				require.NotNil(t, r.LapsedFrom)
				require.LessOrEqual(t, *r.LapsedFrom, day(n))
				require.GreaterOrEqual(t, *r.LapsedTo, day(n))
			}
			require.Equal(t, want, found[day(n)], "%s of %v", day(n), events)
		}
	}
	require.Greater(t, asked, 100_000)
	require.Greater(t, past, 10_000)
}

func TestTOL03AFactThatWasEnteredLateIsFoldedWhereItBelongs(t *testing.T) {
	t.Parallel()
	late := tool.HandedOver{At: at(20), Holder: tool.Holder{Kind: tool.Person, Who: "wang"}, LateReason: "the book was not at hand"}
	back := tool.Returned{At: at(30), Store: "main", From: lent(10).Holder, Condition: tool.Good}
	events := []tool.Event{registered("safety"), inspected(1, 5), lent(10), back, late}
	var recs []eventschemas.Record
	for i, e := range events {
		recs = append(recs, eventschemas.Record{Recorded: eventschemas.Recorded{Revision: uint64(i), ID: uuid.UUID{byte(i), 1}}, Event: e})
	}
	r, err := keeping.Tools().Refold(recs)
	require.NoError(t, err)
	require.Equal(t, "store:main", r.Holder, "as it stands: the return is the last that happened")
	var holders []string
	for _, h := range r.Custody {
		holders = append(holders, h.Holder)
	}
	require.Equal(t, []string{"store:main", "person:li", "person:wang", "store:main"}, holders)
	var lapses []string
	for _, l := range r.Lapses(zone, day(0), day(100)) {
		lapses = append(lapses, l.Holder)
	}
	require.Equal(t, []string{"person:li", "person:wang"}, lapses)
}
