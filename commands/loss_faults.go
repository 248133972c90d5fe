package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// OpenFault names what an exchange found by its place in the exchange's stream.
type OpenFault struct {
	Exchange uuid.UUID `json:"exchange"`
	Revision uint64    `json:"revision"`
}

// OpenFault begins the loss of a tool that did not reach its life by human
// fault, as its exchange found; its id derives from the finding (IDs.Loss), so
// that there is one (EXC-04). It is valued by the method of the site.
func (l *Losses) OpenFault(ctx context.Context, r Request, in OpenFault) (Result, error) {
	found, e, store, err := l.faultFound(ctx, in)
	if err != nil {
		return Result{}, err
	}
	old, err := Current(ctx, l.x, toolDecider(), StreamOf("tool", e.Tool))
	if err != nil {
		return Result{}, fmt.Errorf("find tool %s: %w", e.Tool, err)
	}
	id := l.IDs.Loss(found.ID)
	call, err := l.call(r, "loss.open_fault", id.String(), &e.At.Time, in)
	if err != nil {
		return Result{}, err
	}
	call.Site = found.Envelope.Site
	return Execute(ctx, l.x, lossDecider(), StreamOf("loss", id), Step[loss.Command]{
		Call: call, Make: func(ctx context.Context, _ Stream) (loss.Command, error) {
			m := sealer{ctx: ctx, vault: l.Vault, subject: e.Tool}
			o := faultOf(found, e, store, old.Use)
			o.Circumstances = m.seal(FieldText, e.Finding)
			if m.err != nil {
				return nil, m.err
			}
			return l.begin(ctx, id, o)
		},
	})
}

// faultOf is the damage that an exchange found; the keeper answers for it.
func faultOf(found eventschemas.Record, e exchange.FaultFound, store string, use tool.Use) loss.Opened {
	return loss.Opened{
		At: e.At, Site: found.Envelope.Site, Cause: loss.Damage, ReportedBy: e.By, LostAt: e.At, Place: store, Report: found.ID,
		Tool: loss.Tool{
			ID: e.Tool, Number: e.Number, Kind: e.Kind, Use: string(use), PriceFen: e.PriceFen, PurchasedOn: e.PurchasedOn, LifeMonths: e.LifeMonths,
		},
		Holder: loss.Holder{Kind: string(e.Keeper.Kind), Who: e.Keeper.Who},
	}
}

// faultFound returns what an exchange found, and the store where its old tool was surrendered.
func (l *Losses) faultFound(ctx context.Context, in OpenFault) (found eventschemas.Record, e exchange.FaultFound, store string, err error) {
	stored, err := l.Store.ReadStream(ctx, StreamOf("exchange", in.Exchange), 0)
	if err != nil {
		return found, e, "", fmt.Errorf("read exchange %s: %w", in.Exchange, err)
	}
	for _, s := range stored {
		rec, err := eventschemas.NewRecord(s, 0)
		if err != nil {
			return found, e, "", fmt.Errorf("decode %s@%d: %w", s.Stream, s.Revision, err)
		}
		switch ev := rec.Event.(type) {
		case exchange.Surrendered:
			store = ev.Store
		case exchange.FaultFound:
			if rec.Revision == in.Revision {
				return rec, ev, store, nil
			}
		}
	}
	return found, e, "", ErrNotFound
}
