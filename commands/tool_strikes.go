package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// ToolCorrection is what striking a fact of a tool would come to (AUD-02).
type ToolCorrection struct {
	Site         string        `json:"site"`         // code
	Struck       []ToolFact    `json:"struck"`       // the fact and what follows from it
	Contradicted []ToolFact    `json:"contradicted"` // cannot have happened without it; to be struck or entered anew
	Before       ToolCorrected `json:"before"`
	After        ToolCorrected `json:"after"`
	Cards        []ToolEntry   `json:"cards"` // on which the tool comes again, because somebody has it again
}

// ToolEntry is a tool card that a strike puts a tool onto.
type ToolEntry struct {
	Holder tool.Holder `json:"holder"`
	Closed bool        `json:"closed"` // the holder left and gets nothing: the strike is refused (TOL-07)
}

// ToolFact names a fact of a tool's stream.
type ToolFact struct {
	Revision uint64 `json:"revision"`
	Type     string `json:"type"` // "tool.returned.v1"
}

// ToolCorrected is how a tool stands by the facts that count.
type ToolCorrected struct {
	Standing tool.Standing    `json:"standing"` // "" if its registration is struck
	Blocked  tool.BlockReason `json:"blocked"`
	NextOn   domain.Day       `json:"next_on"`
	Custody  []tool.Held      `json:"custody"`
}

// PreviewTool lists the consequences of striking an event of a tool, and
// changes nothing. Errors: ErrNotFound, those of the store, and the
// *domain.RuleError of a revision that cannot be struck.
func (s *Strikes) PreviewTool(ctx context.Context, r Request, id uuid.UUID, revision uint64) (ToolCorrection, error) {
	stream := StreamOf("tool", id)
	f, err := load(ctx, s.x.store, toolDecider(), stream)
	switch {
	case err != nil:
		return ToolCorrection{}, err
	case f.revision == NoStream || !r.sees(f.site):
		return ToolCorrection{}, ErrNotFound
	}
	metas, strikes, err := s.strikesOf(ctx, stream, record.Strike{Revision: revision, Reason: "preview", Actor: "first", SecondPerson: "second"})
	if err != nil {
		return ToolCorrection{}, err
	}
	types := map[uint64]string{}
	for _, m := range metas {
		types[m.Revision] = m.Type
	}
	out := ToolCorrection{Site: f.site, Struck: []ToolFact{}, Contradicted: []ToolFact{}}
	var gone []uint64
	for _, e := range strikes {
		gone, out.Struck = append(gone, e.Revision), append(out.Struck, ToolFact{e.Revision, types[e.Revision]})
	}
	c := f.state.Without(gone)
	for _, fact := range c.Contradicted {
		out.Contradicted = append(out.Contradicted, ToolFact{fact.Revision, types[fact.Revision]})
	}
	out.Before, out.After = outcomeOf(c.Before), outcomeOf(c.After)
	out.Cards, err = s.entries(ctx, c)
	return out, err
}

// again are the persons and teams that have a tool after a correction, or are
// offered it, and were not before.
func again(c tool.Correction) []tool.Holder {
	var out []tool.Holder
	for _, h := range []tool.Holder{c.After.Holder, c.After.Offer} {
		if (h.Kind == tool.Person || h.Kind == tool.Team) && h != c.Before.Holder && h != c.Before.Offer {
			out = append(out, h)
		}
	}
	return out
}

func (s *Strikes) entries(ctx context.Context, c tool.Correction) ([]ToolEntry, error) {
	out := []ToolEntry{}
	for _, h := range again(c) {
		_, st, _, err := s.cards.newest(ctx, h)
		if err != nil {
			return nil, err
		}
		out = append(out, ToolEntry{Holder: h, Closed: st.Closed})
	}
	return out, nil
}

// strikesOf decides a strike in the stream of a tool. What a loss came of is
// not struck while the loss stands: that would leave its payers with it. It is
// taken back first, by two persons who have seen what that changes (AUD-02, LOS-01).
func (s *Strikes) strikesOf(ctx context.Context, stream string, c record.Strike) ([]record.Meta, []record.Struck, error) {
	metas, err := load(ctx, s.x.store, strikeDecider(), stream)
	if err != nil {
		return nil, nil, err
	}
	strikes, err := record.DecideStrike(metas.state, c)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range strikes {
		id := s.IDs.Loss(e.EventID)
		f, err := currentFold(afresh(ctx), s.x, lossDecider(), StreamOf("loss", id))
		if err != nil {
			return nil, nil, fmt.Errorf("find loss %s: %w", id, err)
		}
		if f.state.Stands() {
			return nil, nil, domain.Refuse("AUD-02", "record.loss_stands", "revision", e.Revision, "loss", f.state.Opened.Number)
		}
	}
	return metas.state, strikes, nil
}

// enter puts a tool onto the cards of those who have it again once c has taken
// a fact back, before it does: nobody who left gets it (TOL-07, ADR 0019). What
// refuses the strike itself leaves nothing on a card.
func (s *Strikes) enter(ctx context.Context, call Call, id uuid.UUID, c record.Strike) error {
	stream := StreamOf("tool", id)
	f, err := load(ctx, s.x.store, toolDecider(), stream)
	if err != nil {
		return err
	}
	_, strikes, err := s.strikesOf(ctx, stream, c)
	if err != nil {
		return err
	}
	var gone []uint64
	for _, e := range strikes {
		gone = append(gone, e.Revision)
	}
	corrected := f.state.Without(gone)
	for _, fact := range corrected.Contradicted {
		if tool.OfExchange(fact.Event) { // the other half is the exchange's: it cannot be struck after (EXC-06)
			return domain.Refuse("EXC-06", "tool.exchange_contradicts", "revision", fact.Revision)
		}
	}
	holders := again(corrected)
	if len(holders) == 0 {
		return nil
	}
	book, err := s.policies.Book(ctx, f.site)
	if err != nil {
		return err
	}
	call.Site = f.site
	for _, h := range holders {
		if err := s.cards.enter(ctx, call, entering{
			To: h, Tool: id, Number: corrected.After.Number, Kind: corrected.After.Kind, Loan: !corrected.After.Until.IsZero(), Revision: f.revision, Book: book,
		}); err != nil {
			return err
		}
	}
	return nil
}

func outcomeOf(s tool.State) ToolCorrected {
	return ToolCorrected{Standing: s.Standing, Blocked: s.Blocked, NextOn: s.NextOn, Custody: s.Custody()}
}

// StrikeTool strikes an event of a tool and what the same command decided
// after it. confirm sees the consequences first; its error is the answer, and
// nothing of it is kept. Errors are those of Execute and ErrNotFound.
func (s *Strikes) StrikeTool(ctx context.Context, r Request, id uuid.UUID, in StrikeEvent, confirm func(ToolCorrection) error) (Result, error) {
	return s.strike(ctx, r, "tool", id, in, func(ctx context.Context) error {
		c, err := s.PreviewTool(ctx, r, id, in.Revision)
		if err != nil {
			return err
		}
		return confirm(c)
	})
}

// sameCommand reports whether an event was decided by the same command as the
// fact before it: what comes back damaged and its block are one fact.
func sameCommand(s []record.Meta, command uuid.UUID) bool {
	return len(s) > 0 && s[len(s)-1].Command == command
}

// commandOf returns the id of the command that made a stored event.
func commandOf(raw rawEvent) uuid.UUID {
	env, err := eventschemas.DecodeEnvelope(raw.Meta)
	if err != nil { // it was decoded before it came here
		panic(fmt.Sprintf("envelope of %s@%d: %v", raw.Stream, raw.Revision, err))
	}
	return env.Command.ID
}
