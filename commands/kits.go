package commands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/kit"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func kitDecider() Decider[kit.State, kit.Command, kit.Event] {
	return Decider[kit.State, kit.Command, kit.Event]{
		Name: "kit", Version: "kit/1", Decide: kit.Decide,
		Evolve: func(s kit.State, _ uint64, e kit.Event) kit.State { return kit.Evolve(s, e) },
	}
}

// Kits are the use cases of tool boxes and sets (TOL-05). Errors are those of
// Execute and ErrNotFound.
type Kits struct {
	*useCases
	tools *Tools
}

// RegisterKit enters a tool box with its list.
type RegisterKit struct {
	Site   string      `json:"site"` // code
	At     *time.Time  `json:"at"`
	Number string      `json:"number"` // one kit each at a site
	Name   string      `json:"name"`
	Store  string      `json:"store"`
	Tools  []uuid.UUID `json:"tools"`
}

// Register enters a kit. Two kits under one number of a site are refused.
func (k *Kits) Register(ctx context.Context, r Request, in RegisterKit) (Registered, error) {
	call, err := k.call(r, "kit.register", "", in.At, in)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = in.Site
	id := k.IDs.Aggregate("kit", call.ID)
	res, err := Execute(ctx, k.x, kitDecider(), StreamOf("kit", id), Step[kit.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (kit.Command, error) { return k.register(ctx, call, id, in) },
	})
	return Registered{Result: res, ID: id}, err
}

func (k *Kits) register(ctx context.Context, call Call, id uuid.UUID, in RegisterKit) (kit.Command, error) {
	book, err := k.tools.policies.Book(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	v, ok := book.InForce(policy.KindTools, in.Site, call.OccurredAt.Time)
	switch {
	case !ok:
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	case !v.Tools().HasStore(in.Store):
		return nil, domain.Invalid("/store", "TOL-05", "tool.store_unknown", "store", in.Store)
	}
	for i, t := range in.Tools {
		if err := k.there(ctx, in.Site, t, "/tools/"+strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	c := kit.Register{At: call.OccurredAt, Number: in.Number, Name: in.Name, Store: in.Store, Tools: in.Tools}
	if _, err := kit.Decide(kit.State{}, c); err != nil {
		return nil, err
	}
	return c, k.tools.claims.claim(ctx, call, "kit", domain.ExternalKey{System: "kit", Key: in.Number}, id)
}

// there refuses what is no tool of a site.
func (k *Kits) there(ctx context.Context, site string, id uuid.UUID, pointer string) error {
	st, err := Current(ctx, k.x, toolDecider(), StreamOf("tool", id))
	if err != nil {
		return fmt.Errorf("find tool %s: %w", id, err)
	}
	if st.Site != site {
		return domain.Invalid(pointer, "TOL-05", "tool.unknown")
	}
	return nil
}

// KitTool names a tool of a kit.
type KitTool struct {
	At     *time.Time `json:"at"`
	Tool   uuid.UUID  `json:"tool"`
	Reason string     `json:"reason"` // of taking it off the list; no personal data
}

// Add puts a tool onto a kit's list.
func (k *Kits) Add(ctx context.Context, r Request, id uuid.UUID, in KitTool) (Result, error) {
	return k.on(ctx, r, "kit.add_tool", id, in.At, in, func(ctx context.Context, call Call, s Stream) (kit.Command, error) {
		return kit.Add{At: call.OccurredAt, Tool: in.Tool}, k.there(ctx, s.Site, in.Tool, "/tool")
	})
}

// Remove takes a tool off a kit's list.
func (k *Kits) Remove(ctx context.Context, r Request, id uuid.UUID, in KitTool) (Result, error) {
	return k.on(ctx, r, "kit.remove_tool", id, in.At, in, func(_ context.Context, call Call, _ Stream) (kit.Command, error) {
		return kit.Remove{At: call.OccurredAt, Tool: in.Tool, Reason: in.Reason}, nil
	})
}

func (k *Kits) on(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	build func(ctx context.Context, call Call, s Stream) (kit.Command, error),
) (Result, error) {
	call, err := k.call(r, operation, id.String(), at, input)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, k.x, kitDecider(), StreamOf("kit", id), existing(r, call, func(ctx context.Context, s Stream) (kit.Command, error) {
		return build(ctx, call, s)
	}))
}

// Issue gives a whole kit out: the order keeps the list as it is, and each
// tool of it is decided by itself. The same request goes on where it was.
func (k *Kits) Issue(ctx context.Context, r Request, id uuid.UUID, in IssueTool) ([]ToolOutcome, error) {
	order, err := k.order(ctx, r, "kit.issue", id, in.At, in, func(call Call, order uuid.UUID) kit.Command {
		return kit.OrderIssue{At: call.OccurredAt, Order: order, To: in.To}
	})
	if err != nil {
		return nil, err
	}
	return k.tools.each(ctx, r, order.Tools, func(r Request, id uuid.UUID) (Result, error) { return k.tools.Issue(ctx, r, id, in) })
}

// Return takes back what is there of a kit, each tool decided by itself, and
// tells which tools of the list are in no store.
func (k *Kits) Return(ctx context.Context, r Request, id uuid.UUID, in ReturnSeveral) ([]ToolOutcome, []OpenTool, error) {
	condition := make(map[uuid.UUID]tool.Condition, len(in.Tools))
	ids := make([]uuid.UUID, len(in.Tools))
	for i, t := range in.Tools {
		ids[i], condition[t.Tool] = t.Tool, t.Condition
	}
	order, err := k.order(ctx, r, "kit.return", id, in.At, in, func(call Call, order uuid.UUID) kit.Command {
		return kit.OrderReturn{At: call.OccurredAt, Order: order, Store: in.Store, By: in.By, Tools: ids}
	})
	if err != nil {
		return nil, nil, err
	}
	out, err := k.tools.each(ctx, r, order.Tools, func(r Request, id uuid.UUID) (Result, error) {
		return k.tools.Return(ctx, r, id, ReturnTool{At: in.At, Store: in.Store, By: in.By, Condition: condition[id]})
	})
	if err != nil {
		return nil, nil, err
	}
	short, err := k.short(ctx, id)
	return out, short, err
}

// order records an order and returns it as it was first recorded.
func (k *Kits) order(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	build func(call Call, order uuid.UUID) kit.Command,
) (kit.Order, error) {
	call, err := k.call(r, operation, id.String(), at, input)
	if err != nil {
		return kit.Order{}, err
	}
	order := k.IDs.Aggregate("kit_order", call.ID)
	step := existing(r, call, func(context.Context, Stream) (kit.Command, error) { return build(call, order), nil })
	if _, err := Execute(ctx, k.x, kitDecider(), StreamOf("kit", id), step); err != nil {
		return kit.Order{}, err
	}
	st, err := Current(ctx, k.x, kitDecider(), StreamOf("kit", id))
	if err != nil {
		return kit.Order{}, err
	}
	o, ok := st.Order(order)
	if !ok {
		return kit.Order{}, fmt.Errorf("order %s of kit %s: %w", order, id, ErrNotFound)
	}
	return o, nil
}

// short returns the tools of a kit's list that are in no store.
func (k *Kits) short(ctx context.Context, id uuid.UUID) ([]OpenTool, error) {
	st, err := Current(ctx, k.x, kitDecider(), StreamOf("kit", id))
	if err != nil {
		return nil, err
	}
	out := []OpenTool{}
	for _, t := range st.Tools {
		f, err := load(ctx, k.Store, toolDecider(), StreamOf("tool", t))
		if err != nil {
			return nil, fmt.Errorf("look where tool %s is: %w", t, err)
		}
		if f.state.Holder.Kind == tool.Store {
			continue
		}
		o := OpenTool{Tool: t, Number: f.state.Number, Holder: f.state.Holder}
		if !f.state.Until.IsZero() {
			o.Until = &f.state.Until
		}
		out = append(out, o)
	}
	return out, nil
}
