package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

func lossDecider() Decider[loss.State, loss.Command, loss.Event] {
	return Decider[loss.State, loss.Command, loss.Event]{
		Name: "loss", Version: "loss/1", Decide: loss.Decide,
		Evolve: func(s loss.State, _ uint64, e loss.Event) loss.State { return loss.Evolve(s, e) },
	}
}

// Losses are the use cases of lost and damaged tools. Each answers the loss's
// stream and revision; errors are those of Execute and ErrNotFound. Who acts is
// the actor, and nobody acts for another (LOS-07).
type Losses struct {
	*useCases
	policies *Policies
	sites    *Sites
	accounts *Deductions
}

// OpenLoss names the report of a missing tool by its place in the tool's stream.
type OpenLoss struct {
	Tool     uuid.UUID `json:"tool"`
	Revision uint64    `json:"revision"`
}

// Open begins the loss that a report tells of; its id derives from the
// report (IDs.Loss), so that there is one (LOS-01).
func (l *Losses) Open(ctx context.Context, r Request, in OpenLoss) (Result, error) {
	report, state, err := l.reported(ctx, in)
	if err != nil {
		return Result{}, err
	}
	e := report.Event.(tool.ReportedMissing)
	id := l.IDs.Loss(report.ID)
	call, err := l.call(r, "loss.open", id.String(), &e.At.Time, in)
	if err != nil {
		return Result{}, err
	}
	call.Site = state.Site
	return Execute(ctx, l.x, lossDecider(), StreamOf("loss", id), Step[loss.Command]{
		Call: call, Make: func(ctx context.Context, _ Stream) (loss.Command, error) {
			o := lostTool(in.Tool, state)
			o.At, o.Cause, o.ReportedBy, o.LostAt, o.Place = e.At, loss.Missing, e.By, e.LostAt, e.Place
			o.Circumstances, o.Report, o.Holder = e.Circumstances, report.ID, loss.Holder{Kind: string(e.From.Kind), Who: e.From.Who}
			o.Responsible = cmp.Or(o.Responsible, e.OnDuty)
			return l.begin(ctx, id, o)
		},
	})
}

// begin fills what follows from the site and the id.
func (l *Losses) begin(ctx context.Context, id uuid.UUID, o loss.Opened) (loss.Command, error) {
	zone, err := l.sites.zone(ctx, o.Site)
	if err != nil {
		return nil, err
	}
	o.LostOn = domain.DayOf(o.LostAt.Time, zone)
	o.Number = fmt.Sprintf("%s-%s-%s", o.Tool.Number, strings.ReplaceAll(string(o.LostOn), "-", ""), id.String()[:4])
	return loss.Begin{Opened: o}, nil
}

// zone returns the zone of a site.
func (s *Sites) zone(ctx context.Context, code string) (*time.Location, error) {
	site, err := s.find(ctx, code)
	if err != nil {
		return nil, err
	}
	zone, err := calendar.LoadZone(site.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone of site %s: %w", code, err)
	}
	return zone, nil
}

// lostTool is what a loss knows of a tool as it was then.
func lostTool(id uuid.UUID, s tool.State) loss.Opened {
	return loss.Opened{
		Site: s.Site, Responsible: s.Responsible, Holder: loss.Holder{Kind: string(s.Holder.Kind), Who: s.Holder.Who},
		Tool: loss.Tool{
			ID: id, Number: s.Number, Kind: s.Kind, Use: string(s.Use), PriceFen: s.PriceFen, PurchasedOn: s.Purchased, LifeMonths: s.Life,
		},
	}
}

// history reads the events of a tool, without those that are struck by now:
// nobody answers for what they never had (AUD-02).
func (l *Losses) history(ctx context.Context, id uuid.UUID) ([]eventschemas.Record, error) {
	stored, err := l.Store.ReadStream(ctx, StreamOf("tool", id), 0)
	if errors.Is(err, ErrStreamNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read tool %s: %w", id, err)
	}
	out := make([]eventschemas.Record, len(stored))
	for i, e := range stored {
		if out[i], err = eventschemas.NewRecord(e, 0); err != nil {
			return nil, fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
		}
	}
	struck := map[uint64]bool{}
	for _, rec := range out {
		if strike, ok := rec.Event.(record.Struck); ok {
			struck[strike.Revision] = true
		}
	}
	return slices.DeleteFunc(out, func(rec eventschemas.Record) bool { return struck[rec.Revision] }), nil
}

// reported returns a report that still counts, and the tool as it was before.
func (l *Losses) reported(ctx context.Context, in OpenLoss) (eventschemas.Record, tool.State, error) {
	all, err := l.history(ctx, in.Tool)
	if err != nil {
		return eventschemas.Record{}, tool.State{}, err
	}
	var s tool.State
	for _, rec := range all {
		e, ok := rec.Event.(tool.Event)
		if _, report := e.(tool.ReportedMissing); report && rec.Revision == in.Revision {
			return rec, s, nil
		}
		if ok && rec.Revision < in.Revision {
			s = tool.Evolve(s, e)
		}
	}
	return eventschemas.Record{}, tool.State{}, ErrNotFound
}

// ReportDamage reports the damage of a tool by human fault (EXC-04, LOS-12).
type ReportDamage struct {
	Tool          uuid.UUID  `json:"tool"`
	At            *time.Time `json:"at"`
	DamagedAt     time.Time  `json:"damaged_at"`
	Place         string     `json:"place"`
	Circumstances string     `json:"circumstances"` // sealed before anything is stored
	BasisFen      int64      `json:"basis_fen"`     // cost of the repair; 0: by the site's method
}

// ReportDamage opens a loss for a damage; who had the tool then answers for it.
func (l *Losses) ReportDamage(ctx context.Context, r Request, in ReportDamage) (Registered, error) {
	call, err := l.call(r, "loss.report_damage", "", in.At, in)
	if err != nil {
		return Registered{}, err
	}
	all, err := l.history(ctx, in.Tool)
	if err != nil {
		return Registered{}, err
	}
	var s tool.State
	for _, rec := range all {
		e, ok := rec.Event.(tool.Event)
		if !ok {
			continue
		}
		if next := tool.Evolve(s, e); s.Site == "" || !next.LastAt.After(in.DamagedAt) {
			s = next
		}
	}
	if !r.sees(s.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = s.Site
	id := l.IDs.Aggregate("loss", call.ID)
	res, err := Execute(ctx, l.x, lossDecider(), StreamOf("loss", id), Step[loss.Command]{
		Call: call, Make: func(ctx context.Context, _ Stream) (loss.Command, error) {
			m := sealer{ctx: ctx, vault: l.Vault, subject: in.Tool}
			o := lostTool(in.Tool, s)
			o.At, o.Cause, o.ReportedBy, o.LostAt, o.Place = call.OccurredAt, loss.Damage, r.Actor.Person, domain.At(in.DamagedAt), in.Place
			o.Circumstances, o.BasisFen = m.seal(FieldText, in.Circumstances), in.BasisFen
			if m.err != nil {
				return nil, m.err
			}
			return l.begin(ctx, id, o)
		},
	})
	return Registered{Result: res, ID: id}, err
}

// on runs a command on a loss that exists.
func (l *Losses) on(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	others []named, build func(now moment, m *material) loss.Command,
) (Result, error) {
	call, err := l.call(r, operation, id.String(), at, input)
	if err != nil {
		return Result{}, err
	}
	step := existing(r, call, func(ctx context.Context, s Stream) (loss.Command, error) {
		for _, other := range others {
			if other.person == "" {
				continue
			}
			if err := l.known(ctx, other.person, domain.Invalid(other.pointer, "ORG-01", "tool.person_unknown")); err != nil {
				return nil, err
			}
		}
		zone, err := l.sites.zone(ctx, s.Site)
		if err != nil {
			return nil, err
		}
		book, err := l.policies.Book(ctx, s.Site)
		if err != nil {
			return nil, err
		}
		m := &material{Book: book, sealer: sealer{ctx: ctx, vault: l.Vault, subject: id}}
		c := build(moment{call.OccurredAt, domain.DayOf(call.OccurredAt.Time, zone)}, m)
		return c, m.err
	})
	return Execute(ctx, l.x, lossDecider(), StreamOf("loss", id), step)
}

// LossFinding says how a loss came about and who pays (LOS-02, LOS-05, LOS-06).
type LossFinding struct {
	At        *time.Time   `json:"at"`
	OnDuty    bool         `json:"on_duty"`
	GoodCause bool         `json:"good_cause"`
	Payers    []loss.Payer `json:"payers"` // none: who had the tool
	Otherwise bool         `json:"otherwise"`
	Witnesses []string     `json:"witnesses"` // person ids
	Reason    string       `json:"reason"`    // sealed before anything is stored
}

// Find records the actor's finding.
func (l *Losses) Find(ctx context.Context, r Request, id uuid.UUID, in LossFinding) (Result, error) {
	var others []named
	for _, p := range in.Payers {
		others = append(others, named{"/payers", p.Person})
	}
	for _, w := range in.Witnesses {
		others = append(others, named{"/witnesses", w})
	}
	return l.on(ctx, r, "loss.find", id, in.At, in, others, func(now moment, m *material) loss.Command {
		return loss.MakeFinding{
			At: now.At, Today: now.Today, By: r.Actor.Person, OnDuty: in.OnDuty, GoodCause: in.GoodCause, Payers: in.Payers, Otherwise: in.Otherwise,
			Witnesses: in.Witnesses, Reason: m.seal(FieldText, in.Reason), Book: m.Book,
		}
	})
}

// LossCertificate is the certificate of a crew (LOS-02).
type LossCertificate struct {
	At          *time.Time `json:"at"`
	Certificate string     `json:"certificate"` // its number
}

// Certify records the certificate that the actor signs as the head of the crew.
func (l *Losses) Certify(ctx context.Context, r Request, id uuid.UUID, in LossCertificate) (Result, error) {
	return l.on(ctx, r, "loss.certify", id, in.At, in, nil, func(now moment, _ *material) loss.Command {
		return loss.Certify{At: now.At, By: r.Actor.Person, Certificate: in.Certificate}
	})
}

// Assess works out what is to be paid by the site's method (LOS-03, LOS-04).
func (l *Losses) Assess(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return l.on(ctx, r, "loss.assess", id, at, timed{at}, nil, func(now moment, m *material) loss.Command {
		return loss.Assess{At: now.At, By: r.Actor.Person, Book: m.Book}
	})
}

// LossReplacement is a tool that is brought for the lost one (LOS-06).
type LossReplacement struct {
	At     *time.Time `json:"at"`
	Number string     `json:"number"` // of the new tool
	Same   bool       `json:"same"`   // spec, model and brand are those of the lost one
}

// Replace records a replacement that the actor has taken in.
func (l *Losses) Replace(ctx context.Context, r Request, id uuid.UUID, in LossReplacement) (Result, error) {
	return l.on(ctx, r, "loss.replace", id, in.At, in, nil, func(now moment, m *material) loss.Command {
		return loss.Replace{At: now.At, Today: now.Today, By: r.Actor.Person, Number: in.Number, Same: in.Same, Book: m.Book}
	})
}

// LossRequisition is a tool that is bought at the person's cost (LOS-06).
type LossRequisition struct {
	At      *time.Time `json:"at"`
	CostFen int64      `json:"cost_fen"`
}

// Requisition records what the replacement costs.
func (l *Losses) Requisition(ctx context.Context, r Request, id uuid.UUID, in LossRequisition) (Result, error) {
	return l.on(ctx, r, "loss.requisition", id, in.At, in, nil, func(now moment, m *material) loss.Command {
		return loss.Requisition{At: now.At, By: r.Actor.Person, CostFen: in.CostFen, Book: m.Book}
	})
}

// Propose puts the amount and its shares up for another person's approval (LOS-07).
func (l *Losses) Propose(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return l.on(ctx, r, "loss.propose", id, at, timed{at}, nil, func(now moment, m *material) loss.Command {
		return loss.Propose{At: now.At, By: r.Actor.Person, Book: m.Book}
	})
}

// WithdrawProposal takes a proposal back.
func (l *Losses) WithdrawProposal(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return l.on(ctx, r, "loss.withdraw_proposal", id, at, timed{at}, nil, func(now moment, _ *material) loss.Command {
		return loss.WithdrawProposal{At: now.At, By: r.Actor.Person}
	})
}

// ApproveLoss names the amount and the revision of the proposal that is approved (LOS-07).
type ApproveLoss struct {
	At        *time.Time `json:"at"`
	AmountFen int64      `json:"amount_fen"`
	Proposal  int64      `json:"proposal"` // revision of the proposal
}

// Approve approves a proposal of another person.
func (l *Losses) Approve(ctx context.Context, r Request, id uuid.UUID, in ApproveLoss) (Result, error) {
	return l.on(ctx, r, "loss.approve", id, in.At, in, nil, func(now moment, m *material) loss.Command {
		return loss.Approve{At: now.At, By: r.Actor.Person, Roles: r.Actor.Roles, Proposal: in.Proposal, AmountFen: in.AmountFen, Book: m.Book}
	})
}

// WaiveLoss gives up what is to be paid (LOS-11).
type WaiveLoss struct {
	At           *time.Time `json:"at"`
	SecondPerson string     `json:"second_person"` // person id
	Reason       string     `json:"reason"`        // no personal data
	Refund       bool       `json:"refund"`        // what was deducted goes back too
}

// Waive gives up what is to be paid, with a second person's agreement.
func (l *Losses) Waive(ctx context.Context, r Request, id uuid.UUID, in WaiveLoss) (Result, error) {
	return l.on(ctx, r, "loss.waive", id, in.At, in, []named{{"/second_person", in.SecondPerson}}, func(now moment, _ *material) loss.Command {
		return loss.Waive{At: now.At, By: r.Actor.Person, Second: in.SecondPerson, Reason: in.Reason, Refund: in.Refund}
	})
}

// LossPoints says that production suffered (LOS-10).
type LossPoints struct {
	At            *time.Time `json:"at"`
	Person        string     `json:"person"`        // the shift leader
	Circumstances string     `json:"circumstances"` // sealed before anything is stored
}

// RecordPoints records the points of the shift leader.
func (l *Losses) RecordPoints(ctx context.Context, r Request, id uuid.UUID, in LossPoints) (Result, error) {
	return l.on(ctx, r, "loss.record_points", id, in.At, in, []named{{"/person", in.Person}}, func(now moment, m *material) loss.Command {
		return loss.RecordPoints{At: now.At, By: r.Actor.Person, Person: in.Person, Circumstances: m.seal(FieldText, in.Circumstances), Book: m.Book}
	})
}

// FindAgain says that the tool of a loss is there again (LOS-09). ErrNotFound
// if there is no such loss: the tool was missing before losses were kept.
func (l *Losses) FindAgain(ctx context.Context, r Request, id uuid.UUID, at time.Time) (Result, error) {
	return l.on(ctx, r, "loss.find_again", id, &at, timed{&at}, nil, func(now moment, _ *material) loss.Command {
		return loss.FindAgain{At: now.At, By: r.Actor.Person}
	})
}

// Settled reports whether it is decided that the loss of a tool is paid,
// excused or waived: then another tool may be given out in its place (EXC-06).
// False for a loss that does not exist or is of another tool.
func (l *Losses) Settled(ctx context.Context, id, tool uuid.UUID) (bool, error) {
	s, err := l.state(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return s.Status.Settled() && s.Opened.Tool.ID == tool, err
}

// Give keeps with the loss of a tool that an exchange gives another one in its
// place, as part of call, the command that completes the exchange: its stream
// decides, so that a loss that was found or taken back meanwhile gives none, and
// none gives two (EXC-06). Errors are those of Execute.
func (l *Losses) Give(ctx context.Context, call Call, id, tool, exchange uuid.UUID) error {
	call.ID = uuid.NewSHA1(call.ID, []byte("give"))
	call.Type, call.Expected = "loss.give", nil
	_, err := Execute(ctx, l.x, lossDecider(), StreamOf("loss", id), Step[loss.Command]{
		Call: call, Make: func(ctx context.Context, _ Stream) (loss.Command, error) {
			s, err := l.state(ctx, id)
			if err != nil {
				return nil, err
			}
			over, err := l.cameToNothing(ctx, s.GivenTo)
			return loss.Give{At: call.OccurredAt, By: call.Actor.Person, Tool: tool, Exchange: exchange, Over: over}, err
		},
	})
	return err
}

// cameToNothing returns the exchange if it ended without giving anything, else the zero id.
func (l *Losses) cameToNothing(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	if id == uuid.Nil {
		return id, nil
	}
	f, err := currentFold(afresh(ctx), l.x, exchangeDecider(), StreamOf("exchange", id))
	if err != nil {
		return uuid.Nil, fmt.Errorf("find exchange %s: %w", id, err)
	}
	if f.state.Status == exchange.StatusWithdrawn {
		return id, nil
	}
	return uuid.Nil, nil
}

func (l *Losses) state(ctx context.Context, id uuid.UUID) (loss.State, error) {
	f, err := currentFold(afresh(ctx), l.x, lossDecider(), StreamOf("loss", id))
	switch {
	case err != nil:
		return f.state, fmt.Errorf("find loss %s: %w", id, err)
	case f.state.Status == "":
		return f.state, ErrNotFound
	}
	return f.state, nil
}
