package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/supervision"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func supervisionDecider() Decider[supervision.State, supervision.Command, supervision.Event] {
	return Decider[supervision.State, supervision.Command, supervision.Event]{
		Name: "ledger-supervision", Version: "supervision/1", Decide: supervision.Decide,
		Evolve: func(s supervision.State, _ uint64, e supervision.Event) supervision.State {
			return supervision.Evolve(s, e)
		},
	}
}

// Supervisions are the use cases of who answers for the tools of a site and of
// looks at its ledgers (CHK-05). Errors are those of Execute, and ErrNotFound
// for a site that the caller may not see. Who acts is the actor.
type Supervisions struct{ supply }

func (s *Supervisions) dutyOf(site string) uuid.UUID {
	return s.IDs.External("ledger-duty", site, "site", site)
}

// SetLedgerDuty says who answers and who supervises; without a post as the policy of keeping says.
type SetLedgerDuty struct {
	Site        string     `json:"site"` // code
	At          *time.Time `json:"at"`
	Answers     string     `json:"answers"`
	Supervisors []string   `json:"supervisors"`
	Months      int        `json:"months"`
	From        domain.Day `json:"from"` // "" for today
	Reason      string     `json:"reason"`
}

// SetDuty sets the duty of a site.
func (s *Supervisions) SetDuty(ctx context.Context, r Request, in SetLedgerDuty) (Result, error) {
	d := supervisionDecider()
	d.Name = "ledger-duty"
	reg, err := begin(ctx, &s.supply, r, d, s.dutyOf(in.Site), "supervision.set_duty", in.Site, in.At, in,
		func(ctx context.Context, call Call, _ uuid.UUID, book *policy.Book) (supervision.Command, error) {
			c := supervision.SetDuty{Duty: supervision.DutySet{
				At: call.OccurredAt, Site: in.Site, Answers: in.Answers, Supervisors: in.Supervisors, Months: in.Months, From: in.From, Reason: in.Reason,
			}, Book: book}
			if c.Duty.From != "" {
				return c, nil
			}
			var err error
			c.Duty.From, err = s.day(ctx, in.Site, call.OccurredAt)
			return c, err
		})
	return reg.Result, err
}

// SuperviseLedger is a look at a ledger.
type SuperviseLedger struct {
	Site     string      `json:"site"` // code
	At       *time.Time  `json:"at"`
	Ledger   tool.Holder `json:"ledger"`
	Findings []string    `json:"findings"` // no personal data
}

// Supervise records what the actor found.
func (s *Supervisions) Supervise(ctx context.Context, r Request, in SuperviseLedger) (Registered, error) {
	return begin(ctx, &s.supply, r, supervisionDecider(), uuid.Nil, "supervision.record", in.Site, in.At, in,
		func(ctx context.Context, call Call, _ uuid.UUID, _ *policy.Book) (supervision.Command, error) {
			duty, err := Current(ctx, s.x, supervisionDecider(), StreamOf("ledger-duty", s.dutyOf(in.Site)))
			if err != nil {
				return nil, fmt.Errorf("find duty of site %s: %w", in.Site, err)
			}
			who, err := s.recipientOf(ctx, tool.Holder{Kind: tool.Person, Who: r.Actor.Person}, call.OccurredAt.Time)
			if err != nil {
				return nil, err
			}
			on, err := s.day(ctx, in.Site, call.OccurredAt)
			return supervision.Supervise{Look: supervision.Recorded{
				At: call.OccurredAt, Site: in.Site, Ledger: in.Ledger, On: on, By: r.Actor.Person, Findings: in.Findings,
			}, Posts: who.Posts, Duty: duty.Duty}, err
		})
}

// SettleLedgerFinding says how a finding was settled.
type SettleLedgerFinding struct {
	At      *time.Time `json:"at"`
	Finding int        `json:"finding"`
	How     string     `json:"how"` // no personal data
}

// Settle closes a finding.
func (s *Supervisions) Settle(ctx context.Context, r Request, id uuid.UUID, in SettleLedgerFinding) (Result, error) {
	return on(ctx, &s.supply, r, supervisionDecider(), "supervision.settle", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (supervision.Command, error) {
			return supervision.Settle{At: call.OccurredAt, By: r.Actor.Person, Finding: in.Finding, How: in.How}, nil
		})
}
