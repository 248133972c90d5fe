package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func cardDecider() Decider[card.State, card.Command, card.Event] {
	return Decider[card.State, card.Command, card.Event]{
		Name: "card", Version: "card/1", Decide: card.Decide,
		Evolve: func(s card.State, _ uint64, e card.Event) card.State {
			if e == nil { // struck
				s.Events++
				return s
			}
			return card.Evolve(s, e)
		},
	}
}

// cards see to it that what goes to a person or team is on their tool card
// first (ADR 0019).
type cards struct{ *useCases }

// inFlight is how long an entry may wait for its tool to move: longer than any
// request may take. After that its issue is taken for one that never came.
const inFlight = 15 * time.Minute

// entering is a tool that is about to go to a person or team.
type entering struct {
	To       tool.Holder
	Tool     uuid.UUID
	Number   string
	Kind     string
	Loan     bool
	Revision int64 // of the tool's stream: if that moves on, the entry is void
	ByTable  bool  // TOL-15
	Who      recipient
	Book     *policy.Book
}

// enter puts a tool onto a card; nothing for custodians that have none.
// A *domain.RuleError if the card is closed (TOL-07) or the table does not
// give as much (TOL-15).
func (c *cards) enter(ctx context.Context, call Call, in entering) error {
	if in.To.Kind != tool.Person && in.To.Kind != tool.Team {
		return nil
	}
	entry := card.Entry{
		Tool: in.Tool, Number: in.Number, Kind: in.Kind, Loan: in.Loan, Revision: in.Revision, EnteredAt: domain.At(c.Clock.Now()),
	}
	call.Type = "card.enter"
	return c.write(ctx, call, in.To, "card/"+in.Tool.String()+"/"+strconv.FormatInt(in.Revision, 10), func(start card.Start, gone []uuid.UUID) card.Command {
		return card.Enter{
			At: call.OccurredAt, Start: start, Site: call.Site, Entry: entry, Gone: gone,
			ByTable: in.ByTable, Posts: in.Who.Posts, Team: in.Who.TeamCode, ApprovedBy: in.Who.ApprovedBy, Approval: in.Who.Approval, Book: in.Book,
		}
	})
}

// closeFor closes a card on which nothing is open (TOL-07).
func (c *cards) closeFor(ctx context.Context, call Call, holder tool.Holder) error {
	call.Type = "card.close"
	return c.write(ctx, call, holder, "close", func(start card.Start, gone []uuid.UUID) card.Command {
		return card.Close{At: call.OccurredAt, Start: start, Gone: gone}
	})
}

// write runs a command for which it matters which entries are gone.
func (c *cards) write(ctx context.Context, call Call, holder tool.Holder, name string, build func(card.Start, []uuid.UUID) card.Command) error {
	_, err := c.writeWith(ctx, call, holder, name, func(ctx context.Context, start card.Start, entries []card.Entry) (card.Command, error) {
		gone, err := c.gone(ctx, holder, entries)
		return build(start, gone), err
	})
	return err
}

// writeWith runs a command on the part of a card that is being written; build
// is given the entries that are on it.
func (c *cards) writeWith(ctx context.Context, call Call, holder tool.Holder, name string,
	build func(context.Context, card.Start, []card.Entry) (card.Command, error),
) (Result, error) {
	part, st, start, err := c.newest(ctx, holder)
	if err != nil {
		return Result{}, err
	}
	call.Expected = nil
	if st.Events >= card.RollAt {
		going := call
		going.ID, going.Type = uuid.NewSHA1(call.ID, []byte("continue/"+strconv.Itoa(part))), "card.continue"
		if _, err := Execute(ctx, c.x, cardDecider(), c.stream(holder, part), Given[card.Command](going, card.Continue{At: call.OccurredAt})); err != nil {
			return Result{}, err
		}
		part, start = part+1, card.Start{Holder: holder, Part: part + 1, Entries: st.Entries, Duty: st.Duty}
	}
	call.ID = uuid.NewSHA1(call.ID, []byte(name))
	return Execute(ctx, c.x, cardDecider(), c.stream(holder, part), Step[card.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (card.Command, error) {
			now, err := Current(ctx, c.x, cardDecider(), c.stream(holder, part))
			if err != nil {
				return nil, err
			}
			if now.Continued {
				return nil, fmt.Errorf("card of %s %s: %w", holder.Kind, holder.Who, ErrBusy) // another process has just begun the next part
			}
			entries := now.Entries
			if now.Part == 0 {
				entries = start.Entries
			}
			return build(ctx, start, entries)
		},
	})
}

// where returns a tool as it stands, read through the exchange that keeps it:
// what that has moved is moved, though the tool's own stream does not have it
// yet (EXC-06, ADR 0022). moved says that it was.
func (u *useCases) where(ctx context.Context, id uuid.UUID) (f folded[tool.State], moved bool, err error) {
	f, err = currentFold(afresh(ctx), u.x, toolDecider(), StreamOf("tool", id))
	if err != nil {
		return f, false, fmt.Errorf("look where tool %s is: %w", id, err)
	}
	if f.state.KeptBy == uuid.Nil {
		return f, false, nil
	}
	x, err := currentFold(afresh(ctx), u.x, exchangeDecider(), StreamOf("exchange", f.state.KeptBy))
	if err != nil {
		return f, false, fmt.Errorf("look where exchange %s moved tool %s: %w", f.state.KeptBy, id, err)
	}
	for _, m := range x.state.Moves {
		if m.Tool == id {
			f.state.Holder, f.state.Until, moved = m.To, time.Time{}, true
		}
	}
	return f, moved, nil
}

// here returns the entries whose tools the holder has.
func (c *cards) here(ctx context.Context, holder tool.Holder, entries []card.Entry) ([]card.Entry, error) {
	out := []card.Entry{}
	for _, e := range entries {
		f, _, err := c.where(ctx, e.Tool)
		if err != nil {
			return nil, err
		}
		if f.state.Holder == holder {
			out = append(out, e)
		}
	}
	return out, nil
}

func (c *cards) stream(holder tool.Holder, part int) string {
	return StreamOf("card", c.IDs.Card(holder.Who, part))
}

// newest returns the part of a card that is being written, its state, and how
// it begins if it has not.
func (c *cards) newest(ctx context.Context, holder tool.Holder) (int, card.State, card.Start, error) {
	start := card.Start{Holder: holder, Part: 1}
	for part := 1; ; part++ {
		st, err := Current(ctx, c.x, cardDecider(), c.stream(holder, part))
		if err != nil || !st.Continued {
			return part, st, start, err
		}
		start = card.Start{Holder: holder, Part: part + 1, Entries: st.Entries, Duty: st.Duty}
	}
}

// gone returns which entries are not with the holder any more. One whose tool
// has not moved since may have its issue under way.
func (c *cards) gone(ctx context.Context, holder tool.Holder, entries []card.Entry) ([]uuid.UUID, error) {
	out := []uuid.UUID{}
	for _, e := range entries {
		f, moved, err := c.where(ctx, e.Tool)
		if err != nil {
			return nil, err
		}
		there := f.state.Holder == holder || f.state.Offer == holder
		waits := f.revision == e.Revision && c.Clock.Now().Sub(e.EnteredAt.Time) < inFlight ||
			f.state.KeptBy != uuid.Nil && !moved // an exchange is about to move it (EXC-06)
		if !there && !waits {
			out = append(out, e.Tool)
		}
	}
	return out, nil
}

// open returns what a person or team has, as far as r may see it; nothing for
// other custodians.
func (c *cards) open(ctx context.Context, r Request, holder tool.Holder) ([]OpenTool, error) {
	if holder.Kind != tool.Person && holder.Kind != tool.Team {
		return nil, nil
	}
	_, st, start, err := c.newest(ctx, holder)
	if err != nil {
		return nil, err
	}
	entries := st.Entries
	if st.Part == 0 {
		entries = start.Entries
	}
	var out []OpenTool
	for _, e := range entries {
		f, _, err := c.where(ctx, e.Tool)
		if err != nil {
			return nil, err
		}
		if f.state.Holder != holder || !r.sees(f.site) {
			continue
		}
		o := OpenTool{Tool: e.Tool, Number: e.Number, Holder: holder}
		if !f.state.Until.IsZero() {
			o.Until = &f.state.Until
		}
		out = append(out, o)
	}
	return out, nil
}

// recipient is what is known of a person or team at a time.
type recipient struct {
	Posts    []string
	Team     string // team id of a person, "" for none
	TeamCode string // of that team, or of the team itself
	Of       string // team id of who signs for it at a hand-over, "" for none
	// ApprovedBy is the person who approved what goes to them, "" for nobody,
	// and Approval the id of the approval by which that was said.
	ApprovedBy string
	Approval   *uuid.UUID
}

// recipientOf returns what is known of a person or team at an instant; the
// zero recipient for what is not registered.
func (u *useCases) recipientOf(ctx context.Context, h tool.Holder, at time.Time) (recipient, error) {
	var who recipient
	id, err := uuid.Parse(h.Who)
	if err != nil {
		return who, nil //nolint:nilerr // the tool's own rules refuse it
	}
	of := id
	if h.Kind == tool.Person {
		st, err := Current(ctx, u.x, personDecider(), StreamOf("person", id))
		if err != nil {
			return who, fmt.Errorf("find person %s: %w", id, err)
		}
		who.Posts, of = st.PostsAt(at), st.TeamAt(at)
		if of == uuid.Nil {
			return who, nil
		}
		who.Team = of.String()
	}
	st, err := Current(ctx, u.x, teamDecider(), StreamOf("team", of))
	if err != nil {
		return who, fmt.Errorf("find team %s: %w", of, err)
	}
	who.TeamCode = st.Code
	return who, nil
}

// late returns c as one whose fact is entered after what followed it, if r says so.
func late(r Request, c tool.Command) tool.Command {
	if r.LateReason == "" {
		return c
	}
	return tool.EnterLate{Reason: r.LateReason, Command: c}
}

// giving says to whom a tool is about to go, and by which rules.
type giving struct {
	To         tool.Holder
	Loan       bool
	ByTable    bool
	Act        approval.Act
	Approval   uuid.UUID // id; zero for none
	Scope      []tool.Holder
	ApprovedBy string // person id of who approved the list that it is on
}

// give runs a command that moves a tool to a person or team. What the tool's
// own rules refuse never comes onto a card; what the card refuses never
// reaches the tool, whose stream must stand where it stood for the card.
func (t *Tools) give(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	others []named, g giving, build func(now moment, m *material, who recipient) tool.Command,
) (Result, error) {
	res, err := t.onStream(ctx, r, operation, id, at, input, others,
		func(ctx context.Context, call Call, s Stream, now moment, m *material) (tool.Command, error) {
			who, err := t.recipientOf(ctx, g.To, now.At.Time)
			if err != nil {
				return nil, err
			}
			if g.Act == approval.HandOver {
				if who.Of, err = t.teamOf(ctx, r, now); err != nil {
					return nil, err
				}
			}
			st, err := Current(ctx, t.x, toolDecider(), StreamOf("tool", id))
			if err != nil {
				return nil, err
			}
			if c := build(now, m, who); g.Approval != uuid.Nil { // what holds already uses no approval (TKT-02)
				if events, err := tool.Decide(st, late(r, c)); err == nil && len(events) == 0 {
					return c, nil
				}
			}
			by := claiming{
				ID: g.Approval, Act: g.Act, Stream: s, Name: StreamOf("tool", id), Tool: &id, Kind: st.Kind, To: g.To, Scope: g.Scope,
				Parties: []string{personOf(st.Holder)}, Late: r.LateReason != "",
			}
			if who.ApprovedBy, who.Approval, err = t.approved.by(ctx, call, by); err != nil {
				return nil, err
			}
			if g.ApprovedBy != "" {
				who.ApprovedBy = g.ApprovedBy
			}
			c := build(now, m, who)
			events, err := tool.Decide(st, late(r, c))
			if err != nil || len(events) == 0 {
				return c, err
			}
			after := st
			for _, e := range events {
				after = tool.Evolve(after, e)
			}
			call.Site = s.Site
			if after.Holder != g.To && after.Offer != g.To { // entered late, and it has moved on since
				return c, t.approved.claim(ctx, call, by)
			}
			err = t.cards.enter(ctx, call, entering{
				To: g.To, Tool: id, Number: st.Number, Kind: st.Kind, Loan: g.Loan || !st.Until.IsZero(), Revision: s.Revision,
				ByTable: g.ByTable, Who: who, Book: m.Book,
			})
			if err != nil {
				return nil, err
			}
			return c, t.approved.claim(ctx, call, by)
		})
	if g.Loan || g.Act == approval.Issue {
		err = t.tellHolder(ctx, id, g.To, err)
	}
	return res, err
}

// tellHolder tells who was too late who has the tool by now, where that is why
// it is at another revision than they saw (TOL-14). To the one who has it the
// revision is all there is to say.
func (t *Tools) tellHolder(ctx context.Context, id uuid.UUID, to tool.Holder, err error) error {
	if _, stale := errors.AsType[*StaleError](err); !stale {
		return err
	}
	st, readErr := Current(ctx, t.x, toolDecider(), StreamOf("tool", id))
	if readErr != nil || st.Holder == to || st.Offer == to || st.Taken() == nil {
		return err
	}
	return st.Taken()
}
