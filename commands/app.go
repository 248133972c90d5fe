package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Ports is what the use cases need.
type Ports struct {
	Store    EventStore
	Outcomes Outcomes
	Vault    Vault
	Clock    Clock
	IDs      IDs
	Log      *slog.Logger
}

// App holds every use case. Safe for concurrent use.
type App struct {
	Tickets   *Tickets
	People    *People
	Teams     *Teams
	Sites     *Sites
	Policies  *Policies
	Strikes   *Strikes
	Imports   *Imports
	Tools     *Tools
	Exchanges *Exchanges
	Views     *Views
	Kits      *Kits
	Losses    *Losses
	// Deductions are the accounts of what persons owe for losses.
	Deductions *Deductions
	Recalls    *Recalls
	Annual     *AnnualIssues
	Approvals  *Approvals
	Names      *Names
	Keeping
	Supply
}

// Supply are the use cases from demand to stock, and of scrap requests.
type Supply struct {
	Stocks      *Stocks
	Demands     *Demands
	Purchases   *Purchases
	Acceptances *Acceptances
	Scraps      *Scraps
}

// Keeping are the use cases of looking after tools that are at rest.
type Keeping struct {
	Stocktakes      *Stocktakes
	InspectionPlans *InspectionPlans
	Climates        *Climates
	LedgerChecks    *LedgerChecks
	Supervisions    *Supervisions
}

// New wires the use cases.
func New(p Ports) *App {
	u := &useCases{Ports: p, x: NewExecutor(p.Store, p.Outcomes, p.Clock, p.Log)}
	a := &App{Sites: &Sites{u}, Teams: &Teams{u}, Views: &Views{u}}
	claims := &claims{u}
	cards := &cards{u}
	approved := &approvals{u}
	a.People = &People{u, claims, cards}
	a.Policies = newPolicies(u)
	a.Strikes = &Strikes{u, a.Policies, cards}
	numbers := newNumbers(u)
	a.Tickets = &Tickets{useCases: u, policies: a.Policies, sites: a.Sites, numbers: numbers}
	a.Tools = &Tools{useCases: u, policies: a.Policies, sites: a.Sites, claims: claims, cards: cards, approved: approved}
	a.Kits = &Kits{useCases: u, tools: a.Tools}
	a.Exchanges = &Exchanges{useCases: u, policies: a.Policies, sites: a.Sites, cards: cards}
	a.Deductions = &Deductions{useCases: u, policies: a.Policies, sites: a.Sites}
	a.Losses = &Losses{useCases: u, policies: a.Policies, sites: a.Sites, accounts: a.Deductions}
	a.Recalls, a.Annual = &Recalls{u, a.Sites}, &AnnualIssues{u, a.Sites}
	a.Keeping = Keeping{&Stocktakes{u, a.Policies, a.Sites}, &InspectionPlans{u, a.Policies, a.Sites}, &Climates{u, a.Policies, a.Sites}, &LedgerChecks{u, a.Sites}, &Supervisions{supply{u, a.Policies, a.Sites}}}
	common := supply{u, a.Policies, a.Sites}
	a.Supply = Supply{&Stocks{supply: common, approved: approved}, &Demands{common}, &Purchases{common}, &Acceptances{common}, &Scraps{common, a.Tools}}
	a.Approvals, a.Names = &Approvals{common}, &Names{u}
	a.Imports = &Imports{useCases: u, tickets: a.Tickets, people: a.People, teams: a.Teams, sites: a.Sites, tools: a.Tools}
	return a
}

// useCases is what every use case shares.
type useCases struct {
	Ports
	x *Executor
}

// Request is who asks, and how, beside what is asked for.
type Request struct {
	Actor       eventschemas.Actor
	OnBehalfOf  string
	Key         string   // Idempotency-Key
	Sites       []string // codes of the sites the actor may act in; nil means all
	Traceparent string
	Expected    *int64 // from If-Match
	Source      *eventschemas.Source
	Correlation uuid.UUID // id of the first command of the chain; zero: the command's own
	Causation   uuid.UUID // id of the event that caused the command; zero: the command's own
	LateReason  string    // why a tool's fact is entered after what followed it; "" if it is not
}

// System is the program itself as an actor: subject says which part of it.
func System(subject string) eventschemas.Actor {
	return eventschemas.Actor{Person: "system", Issuer: "fieldledger", Subject: subject, Roles: []string{"system"}, Policy: subject}
}

// sees reports whether the asker may see a site at all.
func (r Request) sees(site string) bool { return r.Sites == nil || slices.Contains(r.Sites, site) }

// maxAhead is how far a business time may lie ahead of our clock.
const maxAhead = 2 * time.Minute

// call builds the Call of an operation on target ("" for a new aggregate) with
// the input as its body. at is the business time, nil for now.
func (u *useCases) call(r Request, operation, target string, at *time.Time, input any) (Call, error) {
	now := u.Clock.Now()
	occurred := now
	if at != nil {
		occurred = *at
		if occurred.After(now.Add(maxAhead)) {
			return Call{}, domain.Invalid("/at", "AUD-01", "time.in_future")
		}
	}
	body, err := json.Marshal(struct {
		Operation string `json:"operation"`
		Target    string `json:"target"`
		Input     any    `json:"input"`
		Late      string `json:"late,omitempty"`
	}{operation, target, input, r.LateReason})
	if err != nil {
		return Call{}, fmt.Errorf("encode request %s: %w", operation, err)
	}
	return Call{
		ID:   u.IDs.Command(r.Actor.Issuer+"\x00"+r.Actor.Subject, operation, r.Key),
		Type: operation, Digest: u.Vault.Digest(body),
		Actor: r.Actor, OnBehalfOf: r.OnBehalfOf, Traceparent: r.Traceparent,
		OccurredAt: domain.At(occurred), Source: r.Source, Expected: r.Expected,
		Correlation: r.Correlation, Causation: r.Causation,
	}, nil
}

// existing guards a command on an aggregate that must be there and be seen.
func existing[C any](r Request, call Call, build func(ctx context.Context, s Stream) (C, error)) Step[C] {
	return Step[C]{Call: call, Make: build, Guard: func(s Stream) error {
		if s.Revision == NoStream || !r.sees(s.Site) {
			return ErrNotFound
		}
		return nil
	}}
}

// sealer seals the personal fields of one command, remembering the first error.
type sealer struct {
	ctx     context.Context //nolint:containedctx // lives for one call
	vault   Vault
	subject uuid.UUID
	err     error
}

func (s *sealer) seal(field, plaintext string) domain.Sealed {
	if s.err != nil || plaintext == "" {
		return domain.Sealed{}
	}
	var out domain.Sealed
	out, s.err = s.vault.Seal(s.ctx, s.subject, field, plaintext)
	return out
}

// Fields of sealed values: part of what the vault authenticates.
const (
	FieldName     = "name"
	FieldPhone    = "phone"
	FieldText     = "text"
	FieldEvidence = "evidence"
	FieldNote     = "note"
	FieldSigner   = "signer"
)

// subject returns under whose key a customer's fields are sealed. It is keyed,
// so that an id does not give a name away.
func (u *useCases) subject(site, name string) uuid.UUID {
	return u.IDs.Subject(site, u.Vault.Digest([]byte("subject\x00"+site+"\x00"+name)))
}
