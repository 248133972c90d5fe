package exportlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// row is the values of one row by column.
type row []string

// rows folds a ticket and returns a row for each fact. A ticket whose
// registration was struck has none (AUD-02).
func (x *exporter) rows(ctx context.Context, t found, facts []fact) ([]row, error) {
	var rows []row
	var before ticket.State
	var registered ticket.Registered
	for _, f := range facts {
		after := ticket.EvolveAt(before, f.revision, f.event)
		if first, ok := f.event.(ticket.Registered); ok {
			registered = first
		}
		verdict, judged := f.event.(ticket.Judged)
		switch {
		case f.event == nil || after.Status == "":
		case judged:
			x.judged(rows[len(rows)-1], verdict)
		default:
			made, err := x.fact(ctx, t, f, registered, before, after)
			if err != nil {
				return nil, err
			}
			rows = append(rows, made...)
		}
		before = after
	}
	return rows, nil
}

// fact returns the rows of one fact, nearly always one.
func (x *exporter) fact(ctx context.Context, t found, f fact, registered ticket.Registered, before, after ticket.State) ([]row, error) {
	activity, _, _ := strings.Cut(f.typ, ".v")
	r := make(row, len(x.columns))
	r[colTicket], r[colEvent], r[colActivity] = t.key, strconv.FormatUint(f.revision, 10), activity
	r[colAt], r[colStatus], r[colStage] = instant(after.LastAt), string(after.Status), stage(after)
	r[colLevel] = strconv.Itoa(int(after.Level))
	r[colTeam], r[colTechnician] = x.known.teams.of(after.Team), x.technician(after.Technician)
	r[colOpened], r[colKind], r[colProblem] = instant(registered.At.Time), registered.Kind, registered.Problem
	r[colChannel] = string(registered.Channel)
	if c := after.Claim; c != nil {
		r.claim(*c)
	}
	if e, ok := f.event.(ticket.SourceVerdictRecorded); ok {
		r[colAt] = instant(e.At.Time)
	}
	if what := lost(f.event); what != "" {
		x.report.Inexact[what]++
	}
	if err := x.personal(ctx, r, registered, f.event); err != nil {
		return nil, err
	}
	if after.Status == ticket.StatusPaused && answered(after) && !answered(before) {
		// First contact while paused: a row says either. So the work is taken
		// up and put down again at the same instant, which stops no clock less.
		contact := append(row{}, r...)
		contact[colStage] = string(ticket.StatusAccepted)
		r[colEvent] += "+"
		return []row{contact, r}, nil
	}
	return []row{r}, nil
}

// stage is what the mapping makes a status of: an open ticket is "registered"
// until first contact, whoever it is assigned to.
func stage(s ticket.State) string {
	switch s.Status {
	case ticket.StatusPaused:
		return stagePaused(s.Pause)
	case ticket.StatusRegistered, ticket.StatusAccepted, ticket.StatusAssigned:
		if !answered(s) {
			return string(ticket.StatusRegistered)
		}
		return string(ticket.StatusAccepted)
	case ticket.StatusMerged, ticket.StatusWithdrawn, ticket.StatusRejected:
		return string(ticket.StatusClosed)
	case ticket.StatusOnSite, ticket.StatusResolved, ticket.StatusSignedOff, ticket.StatusClosed:
	}
	return string(s.Status)
}

// answered reports whether first contact was reached.
func answered(s ticket.State) bool { return s.Clock(ticket.FirstContact).Reached }

// lost says what of a fact no row of a log has, "" for nothing.
func lost(event ticket.Event) Inexact {
	switch e := event.(type) {
	case ticket.Registered, ticket.Assigned, ticket.LevelChanged, ticket.Resumed, ticket.SignedOff, ticket.Closed, ticket.Reopened,
		ticket.Judged, ticket.DueCorrected, ticket.SourceVerdictRecorded:
		return ""
	case ticket.Accepted:
		return late(e.LateReason)
	case ticket.Arrived:
		return late(e.LateReason)
	case ticket.Resolved:
		return late(e.LateReason)
	case ticket.VisitNeeded, ticket.ArrivalAgreed, ticket.PauseRecorded, ticket.Merged, ticket.CallWithdrawn, ticket.Rejected,
		ticket.ZoneChanged, ticket.Retargeted, ticket.HelpRequested, ticket.EmergencyPlanned, ticket.ClassChanged, ticket.ChargeRecorded, ticket.Followed, ticket.Unfollowed, ticket.NoteAdded, ticket.Updated, ticket.Escalated:
		return OtherFact
	case ticket.Paused:
		if len(e.Clocks) != 1 || e.Clocks[0] != ticket.Resolution {
			return OtherClocks
		}
		return ""
	}
	return OtherFact
}

// late is what is lost of a fact that was entered after what followed it: its
// place in time (SLA-05).
func late(reason string) Inexact {
	if reason != "" {
		return OtherFact
	}
	return ""
}

func stagePaused(reason ticket.PauseReason) string {
	return string(ticket.StatusPaused) + ":" + string(reason)
}

func (r row) claim(c ticket.SourceClaim) {
	if c.ResolvedAt != nil {
		r[colClaimResolved] = instant(c.ResolvedAt.Time)
	}
	if c.SLAMet != nil {
		r[colClaimMet] = strconv.FormatBool(*c.SLAMet)
	}
	if c.Reassignments != nil {
		r[colClaimReassigned] = strconv.FormatInt(*c.Reassignments, 10)
	}
}

// judged puts a verdict beside the fact that ended the clock.
func (x *exporter) judged(r row, j ticket.Judged) {
	text := fmt.Sprintf("%s/%d=%s gross=%ds paused=%ds net=%ds", j.Target, j.Cycle, j.Verdict, j.GrossS, j.PausedS, j.NetS)
	if r[colJudged] != "" {
		text = r[colJudged] + "; " + text
	}
	r[colJudged] = text
	if !x.inForce(j) {
		x.report.Inexact[OlderPolicy]++
	}
}

// inForce reports whether the policies that a verdict rests on are still those
// in force at the start of its clock.
func (x *exporter) inForce(j ticket.Judged) bool {
	v, ok := x.book.InForce(policy.KindSLA, x.Site, j.StartAt.Time)
	var calendar policy.Version
	if ok {
		calendar, ok = x.book.CalendarOf(v, x.Site, j.StartAt.Time)
	} else {
		calendar, ok = x.book.InForce(policy.KindCalendar, x.Site, j.StartAt.Time)
	}
	if j.Policy != nil && v.Ref() != *j.Policy {
		return false
	}
	return j.Calendar == nil && !ok || j.Calendar != nil && ok && calendar.Ref() == *j.Calendar
}

// technician names a person by the key of its own only if personal data are
// exported, else by our id.
func (x *exporter) technician(id uuid.UUID) string {
	if x.Opener == nil && id != uuid.Nil {
		return id.String()
	}
	return x.known.persons.of(id)
}

// personal fills in what is sealed, if it may be opened.
func (x *exporter) personal(ctx context.Context, r row, registered ticket.Registered, event ticket.Event) error {
	if x.Opener == nil {
		return nil
	}
	fields := []sealedField{
		{colCustomer, registered.Customer, commands.FieldName},
		{colPhone, registered.Phone, commands.FieldPhone},
		{colText, registered.Text, commands.FieldText},
	}
	fields = append(fields, noteOf(event))
	if err := x.look(ctx, fields); err != nil {
		return err
	}
	for _, f := range fields {
		if f.value.IsZero() {
			continue
		}
		text, err := x.Opener.Open(ctx, f.value, f.name)
		switch {
		case errors.Is(err, commands.ErrErased):
			x.report.Erased++
		case err != nil:
			return fmt.Errorf("open field %s: %w", f.name, err)
		}
		r[f.column] = text
	}
	return nil
}

// noteOf returns what was written down with a fact.
func noteOf(event ticket.Event) sealedField {
	f := sealedField{column: colNote}
	switch e := any(event).(type) { // of a few
	case ticket.Paused:
		f.value, f.name = e.Evidence, commands.FieldEvidence
	case ticket.Resolved:
		f.value, f.name = e.Note, commands.FieldNote
	case ticket.SignedOff:
		f.value, f.name = e.Signer, commands.FieldSigner
	case ticket.PauseRecorded:
		f.value, f.name = e.Evidence, commands.FieldEvidence
	default: // a fact without a note; NoteAdded makes no row
	}
	return f
}

type sealedField struct {
	column int
	value  domain.Sealed
	name   string
}

// look records whose data are about to be shown, each subject once (AUD-08).
func (x *exporter) look(ctx context.Context, fields []sealedField) error {
	var fresh []uuid.UUID
	for _, f := range fields {
		if !f.value.IsZero() && !x.looked[f.value.Subject] {
			x.looked[f.value.Subject] = true
			fresh = append(fresh, f.value.Subject)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := x.Opener.Look(ctx, fresh); err != nil {
		return fmt.Errorf("record access to personal data: %w", err)
	}
	return nil
}

// layout writes an instant as the log has it.
const layout = "2006-01-02T15:04:05.000Z07:00"

func instant(t time.Time) string { return t.UTC().Format(layout) }
