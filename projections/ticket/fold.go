package ticket

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Evolve returns the row after rec, which follows all before it. Pure.
func Evolve(r Row, rec eventschemas.Record) (Row, error) {
	e, ok := rec.Event.(ticket.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if _, first := e.(ticket.Registered); !first && !r.exists() {
		return r, nil // its registration was struck: nothing is left to show (AUD-02)
	}
	s := ticket.EvolveAt(r.state(), rec.Revision, e)
	r, err := r.evolve(rec, e)
	return r.show(s), err
}

// Refold returns the row of the events that stand, after a strike or a fact
// that was entered late: facts come in the order in which they happened, as
// they do for domain/ticket, and then the verdicts. Pure.
func Refold(recs []eventschemas.Record) (Row, error) {
	var s ticket.State
	at := make(map[uint64]eventschemas.Record, len(recs))
	for _, rec := range recs {
		e, ok := rec.Event.(ticket.Event)
		if !ok {
			return Row{}, readmodel.Unknown(rec)
		}
		s, at[rec.Revision] = ticket.EvolveAt(s, rec.Revision, e), rec
	}
	var r Row
	for _, f := range s.Facts() {
		var err error
		if r, err = Evolve(r, at[f.Revision]); err != nil {
			return r, err
		}
	}
	if !r.exists() {
		return Row{}, nil
	}
	r = r.show(s) // with what was corrected since
	for _, v := range s.Verdicts {
		r = r.judged(v.Judged)
	}
	return r, nil
}

// evolve returns the row after what the ticket's state does not keep.
func (r Row) evolve(rec eventschemas.Record, e ticket.Event) (Row, error) {
	switch e := e.(type) {
	case ticket.Registered:
		return registered(e, rec), nil
	case ticket.Accepted:
		return r.at(e.At), nil
	case ticket.Assigned:
		return r.at(e.At), nil
	case ticket.LevelChanged:
		r.LevelChanges++
		return r.at(e.At), nil
	case ticket.ZoneChanged:
		return r.at(e.At), nil
	case ticket.ClassChanged:
		return r.at(e.At), nil
	case ticket.ChargeRecorded:
		r.Charges++
		return r.at(e.At), nil
	case ticket.Retargeted:
		return r.at(e.At), nil
	case ticket.Paused:
		if r.PausedAt == nil {
			r.PausedAt = when(e.At)
		}
		return r.at(e.At), nil
	case ticket.Resumed:
		return r.at(e.At), nil
	case ticket.PauseRecorded:
		return r.at(e.At), nil
	case ticket.VisitNeeded:
		return r.at(e.At), nil
	case ticket.ArrivalAgreed:
		return r.at(e.At), nil
	case ticket.Arrived:
		return r.at(e.At), nil
	case ticket.Updated:
		return r.at(e.At), nil
	case ticket.NoteAdded:
		return r.at(e.At), nil
	case ticket.HelpRequested:
		r.HelpRequests++
		return r.at(e.At), nil
	case ticket.EmergencyPlanned:
		r.EmergencyPlans++
		return r.at(e.At), nil
	case ticket.Resolved:
		r.ResolvedAt = when(e.At)
		return r.at(e.At), nil
	case ticket.SignedOff:
		return r.at(e.At), nil
	case ticket.Closed:
		r.ClosedAt = when(e.At)
		return r.at(e.At), nil
	case ticket.Merged:
		return r.at(e.At), nil
	case ticket.CallWithdrawn:
		return r.at(e.At), nil
	case ticket.Rejected:
		return r.at(e.At), nil
	case ticket.Reopened:
		r.ResolvedAt, r.ClosedAt = nil, nil
		if e.RepeatBy != uuid.Nil {
			r.RepeatRepairs++
		}
		return r.at(e.At), nil
	case ticket.Judged:
		return r.judged(e), nil
	case ticket.Followed, ticket.Unfollowed: // shown by the state; the ticket itself did not change
		return r, nil
	case ticket.Escalated:
		return r.escalated(e), nil
	case ticket.SourceVerdictRecorded:
		r.Source = &SourceClaim{ResolvedAt: e.ResolvedAt, SLAMet: e.SLAMet, Reassignments: e.Reassignments}
		return r, nil
	case ticket.DueCorrected: // shown by the state
		return r, nil
	}
	return r, readmodel.Unknown(rec)
}

func registered(e ticket.Registered, rec eventschemas.Record) Row {
	r := Row{
		Number: e.Number, Channel: string(e.Channel), Kind: e.Kind, Problem: e.Problem, FirstLevel: int(e.Level),
		Customer: e.Customer, Phone: e.Phone, Text: e.Text,
		OpenedAt: e.At.Time, OpenedOn: e.OpenedOn, UpdatedAt: e.At.Time, Imported: rec.Envelope.Source != nil,
	}
	if e.External != nil {
		r.ExternalSystem, r.ExternalKey = e.External.System, e.External.Key
	}
	return r
}

// at moves the time of the last change on; what is entered late leaves it.
func (r Row) at(at domain.Instant) Row {
	if at.After(r.UpdatedAt) || r.Imported {
		r.UpdatedAt = at.Time
	}
	return r
}

// judged counts a verdict (SLA-05), and shows it if it is of the present clock.
func (r Row) judged(e ticket.Judged) Row {
	t, ok := r.target(e.Target)
	if !ok {
		return r
	}
	*t.clock = t.clock.judged(e)
	if e.Target == ticket.Resolution {
		r.First = r.Resolution.first()
		r.ActiveAgain = r.First != nil && r.Cycle > r.First.Cycle
	}
	return r
}

func (c Clock) judged(e ticket.Judged) Clock {
	c.Standing = slices.Clone(c.Standing)
	v := Standing{Cycle: e.Cycle, StartedBy: e.StartedBy(), Verdict: string(e.Verdict)}
	if e.Target == ticket.Resolution && e.ReachedAt != nil {
		v.Took = &FirstResolution{Cycle: e.Cycle, At: *e.ReachedAt, LimitS: e.LimitS, GrossS: e.GrossS, PausedS: e.PausedS, NetS: e.NetS}
	}
	i := slices.IndexFunc(c.Standing, func(s Standing) bool { return s.StartedBy == v.StartedBy })
	if i >= 0 { // given again, it takes the place of the first
		c = c.count(ticket.Verdict(c.Standing[i].Verdict), -1)
		c.Standing[i] = v
	} else {
		c.Standing = append(c.Standing, v)
	}
	c = c.count(e.Verdict, 1)
	if c.Running || v.StartedBy != c.StartedBy {
		return c
	}
	c.Verdict, c.Clock, c.DueAt = string(e.Verdict), string(e.Clock), e.DueAt
	c.GrossS, c.PausedS, c.NetS = e.GrossS, e.PausedS, e.NetS
	return c
}

// first returns the resolution of the earliest cycle that had one.
func (c Clock) first() *FirstResolution {
	var first *FirstResolution
	for _, s := range c.Standing {
		if s.Took != nil && (first == nil || s.Took.Cycle < first.Cycle) {
			first = s.Took
		}
	}
	return first
}

func (c Clock) count(v ticket.Verdict, n int64) Clock {
	switch v {
	case ticket.Met:
		c.Met += n
	case ticket.Breached:
		c.Breached += n
	case ticket.Withdrawn:
		c.Withdrawn += n
	case ticket.NoTarget:
		c.NoTarget += n
	}
	return c
}

func when(i domain.Instant) *time.Time {
	t := i.Time
	return &t
}
