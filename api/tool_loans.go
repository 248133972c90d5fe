package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// BookTool books a tool for a time to come (TOL-09).
func (s *Server) BookTool(ctx context.Context, in BookToolRequestObject) (BookToolResponseObject, error) {
	b := in.Body
	reg, err := s.App.Tools.Book(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.BookTool{
		At: b.At, To: recipient(b.To), From: b.From, Until: b.Until, Purpose: b.Purpose, Responsible: b.Responsible.String(),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("tools", in.Id), reg)
	return BookTool201JSONResponse{body, BookTool201ResponseHeaders(h)}, nil
}

// CancelToolBooking gives a booking up.
func (s *Server) CancelToolBooking(ctx context.Context, in CancelToolBookingRequestObject) (CancelToolBookingResponseObject, error) {
	body, h, err := s.changeUnseen(ctx, in.Params.IdempotencyKey, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.CancelBooking(ctx, r, in.Id, commands.CancelToolBooking{At: in.Body.At, Booking: in.Body.Booking, Reason: in.Body.Reason})
	})
	return CancelToolBooking200JSONResponse{body, CancelToolBooking200ResponseHeaders(h)}, err
}

// ExtendToolLoan lets a loan run longer.
func (s *Server) ExtendToolLoan(ctx context.Context, in ExtendToolLoanRequestObject) (ExtendToolLoanResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Extend(ctx, r, in.Id, commands.ExtendLoan{At: in.Body.At, Until: in.Body.Until, Reason: in.Body.Reason})
	})
	return ExtendToolLoan200JSONResponse{body, ExtendToolLoan200ResponseHeaders(h)}, err
}

// LendTools lends several tools to one borrower.
func (s *Server) LendTools(ctx context.Context, in LendToolsRequestObject) (LendToolsResponseObject, error) {
	b := in.Body
	out, err := s.App.Tools.LendSeveral(ctx, request(ctx, in.Params.IdempotencyKey), commands.LendSeveral{
		LendTool: commands.LendTool{At: b.At, To: recipient(b.To), Until: b.Until, Purpose: b.Purpose, Responsible: b.Responsible.String()},
		Tools:    b.Tools,
	})
	return LendTools200JSONResponse{s.outcomes(ctx, out, nil), LendTools200ResponseHeaders{s.lastPosition(commands.Result{}, out)}}, err
}

// ReturnTools takes several tools back and tells what is still open.
func (s *Server) ReturnTools(ctx context.Context, in ReturnToolsRequestObject) (ReturnToolsResponseObject, error) {
	c := commands.ReturnSeveral{At: in.Body.At, Store: in.Body.Store, By: in.Body.By.String()}
	for _, t := range in.Body.Tools {
		c.Tools = append(c.Tools, commands.ReturnedTool{Tool: t.Tool, Condition: tool.Condition(t.Condition)})
	}
	out, open, err := s.App.Tools.ReturnSeveral(ctx, request(ctx, in.Params.IdempotencyKey), c)
	return ReturnTools200JSONResponse{s.outcomes(ctx, out, open), ReturnTools200ResponseHeaders{s.lastPosition(commands.Result{}, out)}}, err
}

// lastPosition is where everything that became of several tools can be read, or
// first if none of them changed; nil if nothing was written.
func (s *Server) lastPosition(first commands.Result, rows []commands.ToolOutcome) *string {
	last := commands.LastOf(first, rows)
	if last.Stream == "" {
		return nil
	}
	return s.position(last)
}

// outcomes are what became of several tools, and what is not back.
func (s *Server) outcomes(ctx context.Context, rows []commands.ToolOutcome, open []commands.OpenTool) ToolOutcomes {
	out := ToolOutcomes{Outcomes: make([]ToolOutcome, len(rows)), Open: make([]OpenTool, len(open))}
	for i, r := range rows {
		o := ToolOutcome{Tool: r.Tool, Number: r.Number, Outcome: "held_already", Revision: r.Result.Revision}
		switch {
		case r.Refusal != nil:
			o.Outcome, o.Rule, o.Key, o.Revision = "refused", r.Refusal.Rule, r.Refusal.Key, 0
			args := s.App.Names.Known(ctx, r.Refusal.Args)
			o.Text = OutcomeText{En: s.Text("en", o.Key, args), Zh: s.Text("zh", o.Key, args)}
		case r.Result.Changed:
			o.Outcome = "done"
		}
		out.Outcomes[i] = o
	}
	for i, t := range open {
		out.Open[i] = OpenTool{Tool: t.Tool, Number: t.Number, Holder: Holder{Kind: HolderKind(t.Holder.Kind), Who: t.Holder.Who}}
		if t.Until != nil {
			out.Open[i].Until = new(domain.At(*t.Until))
		}
	}
	return out
}

// GetToolCardOfPerson answers what a person has and what the table gives (TOL-15).
func (s *Server) GetToolCardOfPerson(ctx context.Context, in GetToolCardOfPersonRequestObject) (GetToolCardOfPersonResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	f := ToolFilter{Sites: sites, Holder: &tool.Holder{Kind: tool.Person, Who: in.Id.String()}}
	if f.HeldAt, err = heldAt(p.At); err != nil {
		return nil, err
	}
	when := s.Clock.Now()
	if f.HeldAt != nil {
		when = *f.HeldAt
	}
	lines, site, err := s.App.Tools.Entitlements(ctx, in.Id, when)
	if err == nil {
		err = s.see(ctx, site)
	}
	if err != nil {
		return nil, err
	}
	rows, _, seen, err := s.Custody.ListTools(ctx, m, f, Page{Limit: mostOfPerson})
	if err != nil {
		return nil, err
	}
	out := PersonTools{AsOf: seen, Tools: filled(rows), Entitlements: make([]Entitlement, len(lines))}
	for i, l := range lines {
		out.Entitlements[i] = Entitlement{Post: l.Post, Team: l.Team, Kind: l.Kind, Count: l.Count, Issued: issuedOf(rows, l.Kind)}
	}
	return GetToolCardOfPerson200JSONResponse(out), nil
}

const mostOfPerson = 500 // tools on a person's card

// issuedOf returns the numbers of the tools of a kind that are not lent.
func issuedOf(rows []Tool, kind string) []string {
	out := []string{}
	for _, r := range rows {
		if r.Kind == kind && r.Standing != "lent" {
			out = append(out, r.Number)
		}
	}
	return out
}
