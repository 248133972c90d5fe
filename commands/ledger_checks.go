package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
)

func ledgerCheckDecider() Decider[ledgercheck.State, ledgercheck.Command, ledgercheck.Event] {
	return Decider[ledgercheck.State, ledgercheck.Command, ledgercheck.Event]{
		Name: "ledger", Version: "ledger/1", Decide: ledgercheck.Decide,
		Evolve: func(s ledgercheck.State, _ uint64, e ledgercheck.Event) ledgercheck.State {
			return ledgercheck.Evolve(s, e)
		},
	}
}

// LedgerChecks are the use cases of ledgers that are kept twice (CHK-04).
// Errors are those of Execute and ErrNotFound.
type LedgerChecks struct {
	*useCases
	sites *Sites
}

// Register is our ledger. The read side answers it.
type Register interface {
	Head(ctx context.Context, stream string, revision int64) (int64, error)
	// Entries returns every tool of a site that is not scrapped, as of a log number.
	Entries(ctx context.Context, site string, asOf int64) ([]ledgercheck.Entry, error)
}

// CompareLedgers is another ledger that is held against ours.
type CompareLedgers struct {
	Site      string              `json:"site"`
	At        *time.Time          `json:"at"`
	With      ledgercheck.Keeper  `json:"with"`
	Reference string              `json:"reference"`
	Entries   []ledgercheck.Entry `json:"entries"`
}

// Compare holds a ledger against ours as of the log's number now.
func (l *LedgerChecks) Compare(ctx context.Context, r Request, in CompareLedgers, ours Register) (Registered, error) {
	call, err := l.call(r, "ledger.compare", "", in.At, in)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	if _, err := l.sites.find(ctx, in.Site); err != nil {
		return Registered{}, err
	}
	call.Site = in.Site
	id := l.IDs.Aggregate("ledger", call.ID)
	res, err := Execute(ctx, l.x, ledgerCheckDecider(), StreamOf("ledger-check", id), Step[ledgercheck.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (ledgercheck.Command, error) {
			c := ledgercheck.Compare{
				At: call.OccurredAt, Site: in.Site, With: in.With, Reference: in.Reference, By: r.Actor.Person, Theirs: in.Entries,
			}
			var err error
			if c.AsOf, err = ours.Head(ctx, "", 0); err != nil {
				return nil, fmt.Errorf("find number to compare as of: %w", err)
			}
			c.Ours, err = ours.Entries(ctx, in.Site, c.AsOf)
			return c, err
		},
	})
	return Registered{Result: res, ID: id}, err
}

// SettleLedgerItem says how a difference was settled.
type SettleLedgerItem struct {
	At     *time.Time `json:"at"`
	Number string     `json:"number"`
	How    string     `json:"how"` // no personal data
}

// Settle closes an item.
func (l *LedgerChecks) Settle(ctx context.Context, r Request, id uuid.UUID, in SettleLedgerItem) (Result, error) {
	call, err := l.call(r, "ledger.settle", id.String(), in.At, in)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, l.x, ledgerCheckDecider(), StreamOf("ledger-check", id), existing(r, call, func(context.Context, Stream) (ledgercheck.Command, error) {
		return ledgercheck.Settle{At: domain.At(call.OccurredAt.Time), By: r.Actor.Person, Number: in.Number, How: in.How}, nil
	}))
}
