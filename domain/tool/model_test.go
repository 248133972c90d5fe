package tool_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// plain is a tool as a storekeeper would write it on a card.
type plain struct {
	who     string // "main", "yard", a person, a repairer, or "" for nobody
	offered string
	fault   bool // blocked until it is checked
	failed  bool // blocked until it passes an inspection
	lent    bool // for a time only
	good    domain.Day
	gone    bool // scrapped
	kept    uuid.UUID
	as      tool.Part
	given   bool // surrendered
	until   time.Time
	booked  []tool.Booking
	over    []uuid.UUID // bookings that were given up
}

// taken says whether somebody has booked any of a time; the end is zero for ever.
func (p plain) taken(now, from, until time.Time) bool {
	for _, b := range p.booked {
		if b.Until.After(now) && b.Until.After(from) && (until.IsZero() || until.After(b.From.Time)) {
			return true
		}
	}
	return false
}

// allows says whether the card allows c on a day; only what is valid in itself is drawn.
func (p plain) allows(c tool.Command, today domain.Day, inspected bool) bool {
	stored := (p.who == "main" || p.who == "yard") && p.offered == "" && !p.gone
	good := p.good >= today || p.good == "" && !inspected
	fit := !p.fault && !p.failed && !p.given && good
	person := p.who == li || p.who == wang
	switch c := any(c).(type) { // of those that are drawn
	case tool.Keep:
		if p.kept != uuid.Nil {
			return p.kept == c.Exchange
		}
		return c.Part == tool.PartOld && person && p.who == c.Holder.Who && !p.lent || c.Part == tool.PartNew && stored && fit && !p.taken(c.At.Time, c.At.Time, time.Time{})
	case tool.Settle:
		return p.kept == c.Exchange
	case tool.Release, tool.Block, tool.Clear, tool.Inspect, tool.Register:
	case tool.Issue, tool.Accept, tool.Refuse, tool.Lend, tool.Return, tool.HandOver, tool.SendToRepair, tool.ReportMissing, tool.Find, tool.Scrap, tool.Reserve:
		if p.kept != uuid.Nil { // EXC-06
			return false
		}
	}
	switch c := any(c).(type) { // of those that are drawn
	case tool.Issue:
		return p.offered == c.To.Who || p.who == c.To.Who && !p.lent || stored && fit && !p.taken(c.At.Time, c.At.Time, time.Time{})
	case tool.Lend:
		return stored && fit && !p.taken(c.At.Time, c.At.Time, c.Until.Time)
	case tool.Reserve:
		b := c.Booking
		return (stored || p.who == "R1" || p.lent && !b.From.Before(p.until)) && !p.taken(c.At.Time, b.From.Time, b.Until.Time)
	case tool.Extend:
		return p.lent && !p.taken(c.At.Time, c.At.Time, c.Until.Time)
	case tool.ChaseIfDue:
		return true
	case tool.CancelBooking:
		return slices.Contains(p.over, c.Booking) || slices.ContainsFunc(p.booked, func(b tool.Booking) bool { return b.ID == c.Booking })
	case tool.Accept:
		return p.offered == c.By && !p.fault && !p.failed && good || p.who == c.By && !p.lent
	case tool.Refuse:
		return p.offered == c.By
	case tool.Return:
		return (person || p.who == "R1" || p.who == c.Store && p.offered == "" && !p.gone)
	case tool.HandOver:
		return p.who == c.To.Who || person && !p.fault && !p.failed && good
	case tool.SendToRepair:
		return p.who == "R1" || stored
	case tool.ReportMissing:
		return !p.gone
	case tool.Find:
		return p.who == "" && !p.gone || p.who == c.Store && p.offered == ""
	case tool.Scrap:
		return p.gone || stored
	case tool.Block, tool.Inspect:
		return !p.gone
	case tool.Clear:
		return p.fault || !p.failed
	case tool.Register, tool.Keep, tool.Release, tool.Settle:
	}
	return true
}

// moved writes down what happened.
func (p plain) moved(e tool.Event) plain {
	switch e := any(e).(type) { // of a few
	case tool.Issued:
		p.offered = e.To.Who
	case tool.Accepted:
		p.who, p.offered = e.Holder.Who, ""
	case tool.Refused:
		p.offered = ""
	case tool.Lent:
		p.who, p.lent, p.until = e.Holder.Who, true, e.Until.Time
	case tool.Extended:
		p.until = e.Until.Time
	case tool.Booked:
		p.booked = append(slices.DeleteFunc(slices.Clone(p.booked), func(b tool.Booking) bool { return !b.Until.After(e.At.Time) }), e.Booking)
	case tool.BookingCancelled:
		p.over = append(slices.Clip(p.over), e.Booking)
		p.booked = slices.DeleteFunc(slices.Clone(p.booked), func(b tool.Booking) bool { return b.ID == e.Booking })
	case tool.Returned:
		p.given = p.given && (p.who != "R1" || e.Condition == tool.Damaged)
		p.who, p.lent = e.Store, false
	case tool.Kept:
		p.kept, p.as = e.Exchange, e.Part
	case tool.Released:
		p.kept = uuid.Nil
	case tool.Exchanged:
		p.who, p.kept, p.given = e.Holder.Who, uuid.Nil, e.Part == tool.PartOld
	case tool.HandedOver:
		p.who = e.Holder.Who
	case tool.SentToRepair:
		p.who = e.Holder.Who
	case tool.ReportedMissing:
		p.who, p.offered, p.lent = "", "", false
	case tool.Found:
		p.who = e.Store
	case tool.Scrapped:
		p.who, p.gone = "", true
	case tool.Blocked:
		p.fault, p.failed = p.fault || e.Reason != tool.BlockFailed, p.failed || e.Reason == tool.BlockFailed
	case tool.Cleared:
		p.fault = false
	case tool.Inspected:
		p.good, p.failed = "", !e.Passed
		if e.Next != nil {
			p.good = *e.Next
		}
	}
	return p
}

func TestCustodyCannotContradictItself(t *testing.T) { // TOL-03, TOL-14, INS-02
	t.Parallel()
	const walks, steps = 1000, 100
	r := rand.New(rand.NewPCG(6, 14))
	refused, happened := 0, 0
	for range walks {
		kind := []string{"wrench", "gloves"}[r.IntN(2)]
		s := tool.Evolve(tool.State{}, registered(kind, main))
		card := plain{who: "main"}
		for n := range steps {
			now := domain.At(at(2).Add(time.Duration(n) * time.Hour))
			today := domain.DayOf(now.Time, time.UTC)
			c := draw(r, now, today)
			if e, ok := c.(tool.Settle); ok && card.kept == e.Exchange && (card.as == tool.PartOld) != (e.Holder.Kind == tool.Store) {
				continue // no exchange moves its tools there
			}
			allowed := card.allows(c, today, kind == "gloves")
			events, err := tool.Decide(s, c)
			require.Equal(t, allowed, err == nil, "%T %+v on %+v: %v", c, c, card, err)
			if err != nil {
				_, rule := errors.AsType[*domain.RuleError](err)
				require.True(t, rule, "%T: %v", c, err)
				refused++
			}
			for _, e := range events {
				happened++
				s, card = tool.Evolve(s, e), card.moved(e)
			}
			require.Equal(t, card.who, s.Holder.Who)
			require.Equal(t, card.lent, !s.Until.IsZero(), "%T", c)
			apart(t, card, now.Time)
			require.NotEmpty(t, s.Holder.Kind, "exactly one custodian")
			require.Equal(t, card.who == "", s.Holder.Kind == tool.Nobody)
		}
	}
	require.Greater(t, refused, walks)
	require.Greater(t, happened, walks)
}

// apart requires that no two bookings to come meet, nor one and the present loan.
func apart(t *testing.T, p plain, now time.Time) {
	t.Helper()
	for i, b := range p.booked {
		for _, other := range p.booked[i+1:] {
			require.False(t, b.From.Before(other.Until.Time) && other.From.Before(b.Until.Time), "%v %v", b, other)
		}
		require.False(t, p.lent && b.Until.After(now) && b.From.Before(p.until), "lent until %s, booked %v", p.until, b)
	}
}

func draw(r *rand.Rand, now domain.Instant, today domain.Day) tool.Command {
	who := []string{li, wang}[r.IntN(2)]
	to := tool.Holder{Kind: tool.Person, Who: []string{li, wang}[r.IntN(2)]}
	store := []string{"main", "yard"}[r.IntN(2)]
	swap := []uuid.UUID{{1}, {2}}[r.IntN(2)]
	hour := int(now.Sub(at(2).Time) / time.Hour) // of the walk: a booking has an id of its own
	from := domain.At(now.Add(time.Duration(1+r.IntN(8)) * time.Hour))
	switch r.IntN(23) {
	case 20:
		return tool.Keep{At: now, Today: today, Exchange: swap, Part: []tool.Part{tool.PartOld, tool.PartNew}[r.IntN(2)], Holder: to, Book: free}
	case 21:
		return tool.Release{At: now, Exchange: swap}
	case 22:
		return tool.Settle{At: now, Exchange: swap, Holder: []tool.Holder{to, {Kind: tool.Store, Who: store}}[r.IntN(2)]}
	case 15, 16:
		return tool.Reserve{At: now, Book: free, Booking: tool.Booking{
			ID: uuid.UUID{1, byte(hour)}, To: to, From: from, Until: domain.At(from.Add(time.Duration(1+r.IntN(3)) * time.Hour)), Purpose: "p", Responsible: li,
		}}
	case 17:
		return tool.CancelBooking{At: now, Booking: uuid.UUID{1, byte(max(0, hour-r.IntN(6)))}, By: li, Reason: "r"}
	case 18:
		return tool.Extend{At: now, Until: domain.At(now.Add(time.Duration(90+r.IntN(200)) * time.Minute)), By: boss, Reason: "r", Book: free}
	case 19:
		return tool.ChaseIfDue{At: now, Due: now}
	case 0, 1:
		return tool.Issue{At: now, Today: today, To: to, Book: free}
	case 2, 3:
		return tool.Accept{At: now, Today: today, By: who, Book: free}
	case 4:
		return tool.Refuse{At: now, By: who, Reason: "bent"}
	case 5:
		return tool.Lend{At: now, Today: today, To: to, Until: domain.At(now.Add(time.Hour)), Purpose: "p", Responsible: li, Book: free}
	case 6, 7:
		return tool.Return{At: now, Store: store, By: who, Condition: []tool.Condition{tool.Good, tool.Damaged}[r.IntN(2)], Book: free}
	case 8:
		return tool.HandOver{At: now, Today: today, To: to, By: to.Who, Book: free}
	case 9:
		return tool.SendToRepair{At: now, Repairer: "R1"}
	case 10:
		return tool.ReportMissing{At: now, LostAt: now, Place: "sump", By: who}
	case 11:
		return tool.Find{At: now, Store: store, Book: free}
	case 12:
		if r.IntN(20) == 0 {
			return tool.Scrap{At: now, Reason: "worn", Keeper: li, ApprovedBy: boss}
		}
		return tool.Clear{At: now, By: boss}
	case 13:
		return tool.Inspect{At: now, Today: today, On: today, Passed: r.IntN(4) > 0, Next: domain.DayOf(now.AddDate(0, 0, 1), time.UTC), Inspector: boss, Book: free}
	}
	return tool.Block{At: now, Reason: []tool.BlockReason{tool.BlockFault, tool.BlockFault, tool.BlockQuality, tool.BlockFailed}[r.IntN(4)]}
}
