package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// toolDecider is the tool aggregate.
func toolDecider() Decider[tool.State, tool.Command, tool.Event] {
	return Decider[tool.State, tool.Command, tool.Event]{
		Name: "tool", Version: "tool/1", Decide: tool.Decide,
		Evolve: func(s tool.State, _ uint64, e tool.Event) tool.State { return tool.Evolve(s, e) },
	}
}

// Tools are the use cases of tools. Each answers the tool's stream and
// revision; errors are those of Execute and ErrNotFound. Who signs is the actor.
type Tools struct {
	*useCases
	policies *Policies
	sites    *Sites
	claims   *claims
	cards    *cards
	approved *approvals
}

// RegisterTool enters a tool (TOL-01). With a Holder it is an opening entry.
type RegisterTool struct {
	Site        string       `json:"site"` // code
	At          *time.Time   `json:"at"`
	Number      string       `json:"number"` // one tool each at a site
	Kind        string       `json:"kind"`
	Name        string       `json:"name"`
	Spec        string       `json:"spec"`
	Brand       string       `json:"brand"`
	Batch       string       `json:"batch"`
	PriceFen    int64        `json:"price_fen"`
	PurchasedOn domain.Day   `json:"purchased_on"`
	Use         tool.Use     `json:"use"`
	Store       string       `json:"store"`
	Holder      *tool.Holder `json:"holder"`
}

// Register enters a tool. Two tools under one number of a site are refused.
func (t *Tools) Register(ctx context.Context, r Request, in RegisterTool) (Registered, error) {
	call, err := t.call(r, "tool.register", "", in.At, in)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = in.Site
	id := t.IDs.Aggregate("tool", call.ID)
	res, err := Execute(ctx, t.x, toolDecider(), StreamOf("tool", id), Step[tool.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (tool.Command, error) { return t.register(ctx, call, id, in) },
	})
	return Registered{Result: res, ID: id}, err
}

// register claims the number once everything else about the tool is in
// order: a tool that is refused must not keep it.
func (t *Tools) register(ctx context.Context, call Call, id uuid.UUID, in RegisterTool) (tool.Command, error) {
	if _, err := t.sites.find(ctx, in.Site); err != nil {
		return nil, err
	}
	book, err := t.policies.Book(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	c := tool.Register{
		At: call.OccurredAt, Site: in.Site, Number: in.Number, Kind: in.Kind, Name: in.Name, Spec: in.Spec, Brand: in.Brand, Batch: in.Batch,
		PriceFen: in.PriceFen, PurchasedOn: in.PurchasedOn, Use: in.Use, Store: in.Store, Holder: in.Holder, Book: book,
	}
	if _, err := tool.Decide(tool.State{}, c); err != nil {
		return nil, err
	}
	if err := t.claims.claim(ctx, call, "tool", domain.ExternalKey{System: "tool", Key: in.Number}, id); err != nil || in.Holder == nil {
		return c, err
	}
	return c, t.cards.enter(ctx, call, entering{To: *in.Holder, Tool: id, Number: in.Number, Kind: in.Kind, Revision: NoStream, Book: book})
}

// on runs a command on a tool that exists. build gets the business time, its
// civil date at the tool's site, and the site's policies.
func (t *Tools) on(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	others []named, build func(now moment, m *material) tool.Command,
) (Result, error) {
	return t.onStream(ctx, r, operation, id, at, input, others, func(_ context.Context, _ Call, _ Stream, now moment, m *material) (tool.Command, error) {
		return build(now, m), nil
	})
}

// onStream is on for a command that needs to know more than its time.
func (t *Tools) onStream(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	others []named, build func(ctx context.Context, call Call, s Stream, now moment, m *material) (tool.Command, error),
) (Result, error) {
	call, err := t.call(r, operation, id.String(), at, input)
	if err != nil {
		return Result{}, err
	}
	step := existing(r, call, func(ctx context.Context, s Stream) (tool.Command, error) {
		for _, other := range others {
			if other.person == "" {
				continue
			}
			if err := t.known(ctx, other.person, domain.Invalid(other.pointer, "ORG-01", "tool.person_unknown")); err != nil {
				return nil, err
			}
		}
		site, err := t.sites.find(ctx, s.Site)
		if err != nil {
			return nil, err
		}
		zone, err := calendar.LoadZone(site.Zone)
		if err != nil {
			return nil, fmt.Errorf("zone of site %s: %w", s.Site, err)
		}
		book, err := t.policies.Book(ctx, s.Site)
		if err != nil {
			return nil, err
		}
		m := &material{Book: book, sealer: sealer{ctx: ctx, vault: t.Vault, subject: id}}
		c, err := build(ctx, call, s, moment{call.OccurredAt, domain.DayOf(call.OccurredAt.Time, zone)}, m)
		if err != nil {
			return nil, err
		}
		return late(r, c), m.err
	})
	return Execute(ctx, t.x, toolDecider(), StreamOf("tool", id), step)
}

// moment is a business time and its civil date at a site.
type moment struct {
	At    domain.Instant
	Today domain.Day
}

// named is a person that a command names beside its actor; "" for nobody.
type named struct{ pointer, person string }

// IssueTool offers a tool to a person or team (TOL-04).
type IssueTool struct {
	At       *time.Time  `json:"at"`
	To       tool.Holder `json:"to"`
	Approval uuid.UUID   `json:"approval"` // id of the approval by which it is done; zero for none (TOL-16)
	// Scope says who may hold it from now on; none leaves it as it is (TOL-17).
	Scope []tool.Holder `json:"scope"`
}

// Issue offers a tool; the recipient has it from Accept on.
func (t *Tools) Issue(ctx context.Context, r Request, id uuid.UUID, in IssueTool) (Result, error) {
	return t.issue(ctx, r, id, in, "")
}

// IssueListed offers a tool of a list, which approvedBy approved as a whole (TOL-13).
func (t *Tools) IssueListed(ctx context.Context, r Request, id uuid.UUID, to tool.Holder, approvedBy string) (Result, error) {
	return t.issue(ctx, r, id, IssueTool{To: to}, approvedBy)
}

func (t *Tools) issue(ctx context.Context, r Request, id uuid.UUID, in IssueTool, approvedBy string) (Result, error) {
	return t.give(ctx, r, "tool.issue", id, in.At, in, []named{{"/to/who", personOf(in.To)}},
		giving{To: in.To, ByTable: true, Act: approval.Issue, Approval: in.Approval, Scope: in.Scope, ApprovedBy: approvedBy},
		func(now moment, m *material, who recipient) tool.Command {
			return tool.Issue{
				At: now.At, Today: now.Today, To: in.To, ApprovedBy: who.ApprovedBy, Approval: who.Approval, Scope: in.Scope,
				Posts: who.Posts, Team: who.Team, Book: m.Book,
			}
		})
}

func personOf(h tool.Holder) string {
	if h.Kind == tool.Person {
		return h.Who
	}
	return ""
}

// Accept is the actor's signature for what was offered (TOL-04).
func (t *Tools) Accept(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return t.onStream(ctx, r, "tool.accept", id, at, timed{at}, nil,
		func(ctx context.Context, _ Call, _ Stream, now moment, m *material) (tool.Command, error) {
			st, err := Current(ctx, t.x, toolDecider(), StreamOf("tool", id))
			if err != nil {
				return nil, err
			}
			who, err := t.recipientOf(ctx, st.Offer, now.At.Time)
			if err != nil {
				return nil, err
			}
			of, err := t.teamOf(ctx, r, now)
			return tool.Accept{At: now.At, Today: now.Today, By: r.Actor.Person, Of: of, Posts: who.Posts, Team: who.Team, Book: m.Book}, err
		})
}

// ToolReason says why a tool was not taken.
type ToolReason struct {
	At     *time.Time `json:"at"`
	Reason string     `json:"reason"` // no personal data
}

// Refuse says that the actor does not take what was offered (TOL-04).
func (t *Tools) Refuse(ctx context.Context, r Request, id uuid.UUID, in ToolReason) (Result, error) {
	return t.onStream(ctx, r, "tool.refuse", id, in.At, in, nil,
		func(ctx context.Context, _ Call, _ Stream, now moment, _ *material) (tool.Command, error) {
			of, err := t.teamOf(ctx, r, now)
			return tool.Refuse{At: now.At, By: r.Actor.Person, Of: of, Reason: in.Reason}, err
		})
}

// teamOf is the id of the team that the actor is of then, for which the actor may sign; "" for none (TOL-06).
func (t *Tools) teamOf(ctx context.Context, r Request, now moment) (string, error) {
	who, err := t.recipientOf(ctx, tool.Holder{Kind: tool.Person, Who: r.Actor.Person}, now.At.Time)
	return who.Team, err
}

// LendTool gives a tool out for a time (TOL-09).
type LendTool struct {
	At          *time.Time  `json:"at"`
	To          tool.Holder `json:"to"`
	Until       time.Time   `json:"until"`
	Purpose     string      `json:"purpose"`
	Responsible string      `json:"responsible"` // person id
	Booking     uuid.UUID   `json:"booking"`     // that is picked up; zero for none
}

// Lend gives a tool out for a time.
func (t *Tools) Lend(ctx context.Context, r Request, id uuid.UUID, in LendTool) (Result, error) {
	return t.give(ctx, r, "tool.lend", id, in.At, in, []named{{"/responsible", in.Responsible}, {"/to/who", personOf(in.To)}},
		giving{To: in.To, Loan: true}, func(now moment, m *material, _ recipient) tool.Command {
			return tool.Lend{
				At: now.At, Today: now.Today, To: in.To, Until: domain.At(in.Until), Purpose: in.Purpose, Responsible: in.Responsible,
				Booking: in.Booking, Imported: r.Source != nil, Book: m.Book,
			}
		})
}

// ReturnTool brings a tool back (TOL-21).
type ReturnTool struct {
	At        *time.Time     `json:"at"`
	Store     string         `json:"store"`
	By        string         `json:"by"` // person id of who brings it
	Condition tool.Condition `json:"condition"`
	// Repair is how a repair ended; nil where there was none, or none was planned (TOL-11).
	Repair *tool.RepairDone `json:"repair,omitempty"`
	// Between lets it come from another store of the site, by a signed count (CHK-01).
	Between bool `json:"between,omitempty"`
}

// Return takes a tool into a store.
func (t *Tools) Return(ctx context.Context, r Request, id uuid.UUID, in ReturnTool) (Result, error) {
	return t.on(ctx, r, "tool.return", id, in.At, in, []named{{"/by", in.By}}, func(now moment, m *material) tool.Command {
		return tool.Return{At: now.At, Store: in.Store, By: in.By, Condition: in.Condition, Repair: in.Repair, Between: in.Between, Book: m.Book}
	})
}

// HandOverTool moves a tool to another person or team (TOL-06 to TOL-08).
type HandOverTool struct {
	At       *time.Time  `json:"at"`
	To       tool.Holder `json:"to"`
	Reason   string      `json:"reason"`
	Approval uuid.UUID   `json:"approval"` // id of the approval of the exception of TOL-08; zero for none
}

// HandOver moves custody to To; the actor signs for it.
func (t *Tools) HandOver(ctx context.Context, r Request, id uuid.UUID, in HandOverTool) (Result, error) {
	return t.give(ctx, r, "tool.hand_over", id, in.At, in, nil, giving{To: in.To, Act: approval.HandOver, Approval: in.Approval},
		func(now moment, m *material, who recipient) tool.Command {
			return tool.HandOver{
				At: now.At, Today: now.Today, To: in.To, Posts: who.Posts, Team: who.Team, By: r.Actor.Person, Of: who.Of, Reason: in.Reason,
				ApprovedBy: who.ApprovedBy, Approval: who.Approval, Book: m.Book,
			}
		})
}

// BlockTool takes a tool out of use (TOL-18).
type BlockTool struct {
	At     *time.Time       `json:"at"`
	Reason tool.BlockReason `json:"reason"`
	Note   string           `json:"note"` // no personal data
}

// Block takes a tool out of use.
func (t *Tools) Block(ctx context.Context, r Request, id uuid.UUID, in BlockTool) (Result, error) {
	return t.on(ctx, r, "tool.block", id, in.At, in, nil, func(now moment, _ *material) tool.Command {
		return tool.Block{At: now.At, Reason: in.Reason, Note: in.Note}
	})
}

// ClearTool says that a blocked tool was checked and is sound.
type ClearTool struct {
	At   *time.Time `json:"at"`
	Note string     `json:"note"`
}

// Clear puts a blocked tool to use again; the actor has checked it.
func (t *Tools) Clear(ctx context.Context, r Request, id uuid.UUID, in ClearTool) (Result, error) {
	return t.on(ctx, r, "tool.clear", id, in.At, in, nil, func(now moment, _ *material) tool.Command {
		return tool.Clear{At: now.At, By: r.Actor.Person, Note: in.Note}
	})
}

// InspectTool records an inspection (INS-01).
type InspectTool struct {
	At     *time.Time `json:"at"`
	On     domain.Day `json:"on"`
	Passed bool       `json:"passed"`
	Next   domain.Day `json:"next"` // "" by the kind's period
	Label  string     `json:"label"`
}

// Inspect records the result of an inspection by the actor.
func (t *Tools) Inspect(ctx context.Context, r Request, id uuid.UUID, in InspectTool) (Result, error) {
	return t.on(ctx, r, "tool.inspect", id, in.At, in, nil, func(now moment, m *material) tool.Command {
		return tool.Inspect{At: now.At, Today: now.Today, On: in.On, Passed: in.Passed, Next: in.Next, Inspector: r.Actor.Person, Label: in.Label, Book: m.Book}
	})
}

// RepairTool hands a tool to a repairer (TOL-11).
type RepairTool struct {
	At       *time.Time `json:"at"`
	Repairer string     `json:"repairer"` // code
}

// SendToRepair hands a tool in store to a repairer.
func (t *Tools) SendToRepair(ctx context.Context, r Request, id uuid.UUID, in RepairTool) (Result, error) {
	return t.on(ctx, r, "tool.send_to_repair", id, in.At, in, nil, func(now moment, _ *material) tool.Command {
		return tool.SendToRepair{At: now.At, Repairer: in.Repairer}
	})
}

// MissingTool reports a tool missing (LOS-01).
type MissingTool struct {
	At            *time.Time `json:"at"`
	LostAt        time.Time  `json:"lost_at"`
	Place         string     `json:"place"`
	Circumstances string     `json:"circumstances"` // sealed before anything is stored
	OnDuty        string     `json:"on_duty"`       // person id of the shift that answers for a team's tool
}

// ReportMissing says that a tool is not where it should be; the actor reports it.
func (t *Tools) ReportMissing(ctx context.Context, r Request, id uuid.UUID, in MissingTool) (Result, error) {
	return t.onStream(ctx, r, "tool.report_missing", id, in.At, in, []named{{"/on_duty", in.OnDuty}},
		func(ctx context.Context, _ Call, _ Stream, now moment, m *material) (tool.Command, error) {
			c := tool.ReportMissing{
				At: now.At, LostAt: domain.At(in.LostAt), Place: in.Place, Circumstances: m.seal(FieldText, in.Circumstances), By: r.Actor.Person,
				OnDuty: in.OnDuty,
			}
			if c.OnDuty != "" || r.LateReason != "" {
				return c, nil
			}
			var err error
			c.OnDuty, err = t.onDuty(ctx, id)
			return c, err
		})
}

// onDuty is who is on duty for the team that has a tool, and so answers for
// what is short (TOL-06); "" if no team has it or nobody is known to be.
func (t *Tools) onDuty(ctx context.Context, id uuid.UUID) (string, error) {
	st, err := Current(ctx, t.x, toolDecider(), StreamOf("tool", id))
	if err != nil || st.Holder.Kind != tool.Team {
		return "", err
	}
	_, card, start, err := t.cards.newest(ctx, st.Holder)
	if err == nil && card.Part == 0 {
		return start.Duty, nil
	}
	return card.Duty, err
}

// FoundTool says where a missing tool is now (LOS-09).
type FoundTool struct {
	At        *time.Time     `json:"at"`
	Store     string         `json:"store"`
	Condition tool.Condition `json:"condition,omitempty"` // as it was found; "" for good
}

// Find puts a missing tool into a store.
func (t *Tools) Find(ctx context.Context, r Request, id uuid.UUID, in FoundTool) (Result, error) {
	return t.on(ctx, r, "tool.find", id, in.At, in, nil, func(now moment, m *material) tool.Command {
		return tool.Find{At: now.At, Store: in.Store, Condition: in.Condition, Book: m.Book}
	})
}

// ScrapTool ends a tool (STK-12).
type ScrapTool struct {
	At       *time.Time `json:"at"`
	Reason   string     `json:"reason"`
	Approval uuid.UUID  `json:"approval"` // id of the approval by which it is done
}

// Scrap ends a tool in store; the actor fills in the scrap note. Where the
// site's policy of purchasing says whose signatures that needs, a request is
// asked for instead (STK-08).
func (t *Tools) Scrap(ctx context.Context, r Request, id uuid.UUID, in ScrapTool) (Result, error) {
	return t.onStream(ctx, r, "tool.scrap", id, in.At, in, nil,
		func(ctx context.Context, call Call, s Stream, now moment, m *material) (tool.Command, error) {
			st, err := Current(ctx, t.x, toolDecider(), StreamOf("tool", id))
			if err == nil {
				err = scrappable(st, m.Book, now.At)
			}
			if err != nil {
				return nil, err
			}
			by := claiming{
				ID: in.Approval, Act: approval.Scrap, Stream: s, Name: StreamOf("tool", id), Tool: &id, Kind: st.Kind, Late: r.LateReason != "",
			}
			approvedBy, approved, err := t.approved.by(ctx, call, by)
			if err != nil {
				return nil, err
			}
			c := tool.Scrap{At: now.At, Reason: in.Reason, Keeper: r.Actor.Person, ApprovedBy: approvedBy, Approval: approved}
			if events, err := tool.Decide(st, c); err != nil || len(events) == 0 {
				return c, err
			}
			return c, t.approved.claim(ctx, call, by)
		})
}

// scrappable refuses to scrap a tool without a request where one is needed.
func scrappable(st tool.State, book *policy.Book, at domain.Instant) error {
	if p, _, err := book.PurchasingAt(st.Site, at); err == nil && len(p.Scrap) > 0 {
		return domain.Refuse("STK-08", "scrap.request_needed")
	}
	return nil
}

// end scraps a tool as a request says that everybody has signed, approvedBy last.
func (t *Tools) end(ctx context.Context, r Request, id, request uuid.UUID, reason, keeper, approvedBy string) (Result, error) {
	in := struct {
		Reason     string `json:"reason"`
		ApprovedBy string `json:"approved_by"`
	}{reason, approvedBy}
	return t.on(ctx, r, "tool.scrap", id, nil, in, nil, func(now moment, _ *material) tool.Command {
		return tool.Scrap{At: now.At, Reason: reason, Keeper: keeper, ApprovedBy: approvedBy, Request: &request}
	})
}

// RegisterPiece registers a tool under an id that is given: that of an accepted
// piece (STK-07). The same piece again is the same tool.
func (t *Tools) RegisterPiece(ctx context.Context, r Request, id uuid.UUID, in RegisterTool) (Result, error) {
	call, err := t.call(r, "tool.register", id.String(), in.At, in)
	if err != nil {
		return Result{}, err
	}
	call.Site = in.Site
	return Execute(ctx, t.x, toolDecider(), StreamOf("tool", id), Step[tool.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (tool.Command, error) { return t.register(ctx, call, id, in) },
	})
}
