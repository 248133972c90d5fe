package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/view"
)

func viewDecider() Decider[view.State, view.Command, view.Event] {
	return Decider[view.State, view.Command, view.Event]{
		Name: "view", Version: "view/1", Decide: view.Decide,
		Evolve: func(s view.State, _ uint64, e view.Event) view.State { return view.Evolve(s, e) },
	}
}

// Views are the use cases of saved views of the list of tickets (TKT-15). A
// view's id derives from its owner and its name. Filter and order are taken as
// they are: who knows the list has checked them.
type Views struct{ *useCases }

// ViewContent is what a view shows, and to whom.
type ViewContent struct {
	SharedWith string            `json:"shared_with"` // code of a site, "" for nobody else
	Filter     map[string]string `json:"filter"`      // query parameters of the list
	Order      string            `json:"order"`       // of the list, "" for its own
}

// SaveView gives a view a name.
type SaveView struct {
	Name string `json:"name"`
	ViewContent
}

// Save saves a view under a name that its owner does not use yet. Errors are
// those of Execute, and ErrNotFound for a site that the caller may not see.
func (v *Views) Save(ctx context.Context, r Request, owner uuid.UUID, in SaveView) (Registered, error) {
	id := v.IDs.View(owner, in.Name)
	r.Key += "\x00" + id.String() // one key for two names is two commands, on two streams
	call, err := v.call(r, "view.save", "", nil, in)
	if err != nil {
		return Registered{}, err
	}
	if in.SharedWith != "" && !r.sees(in.SharedWith) {
		return Registered{}, ErrNotFound
	}
	call.Site = everySite
	res, err := Execute(ctx, v.x, viewDecider(), StreamOf("view", id), Given[view.Command](call, view.Save(in.saved(call.OccurredAt, owner, in.Name))))
	return Registered{Result: res, ID: id}, err
}

func (c ViewContent) saved(at domain.Instant, owner uuid.UUID, name string) view.Saved {
	s := view.Saved{At: at, Owner: owner, Name: name, SharedWith: c.SharedWith, Order: c.Order, Filter: []view.Param{}}
	for _, p := range slices.Sorted(maps.Keys(c.Filter)) {
		s.Filter = append(s.Filter, view.Param{Name: p, Value: c.Filter[p]})
	}
	return s
}

// Change replaces what a view shows, and to whom. Errors are those of Execute,
// and ErrNotFound for a view or a site that the caller may not see.
func (v *Views) Change(ctx context.Context, r Request, id, person uuid.UUID, in ViewContent) (Result, error) {
	if in.SharedWith != "" && !r.sees(in.SharedWith) {
		return Result{}, ErrNotFound
	}
	return v.on(ctx, r, "view.change", id, person, in, func(at domain.Instant) view.Command {
		return view.Change(in.saved(at, person, ""))
	})
}

// Delete removes a view; its name is free again. Errors are those of Execute,
// and ErrNotFound for a view that the caller may not see.
func (v *Views) Delete(ctx context.Context, r Request, id, person uuid.UUID) (Result, error) {
	return v.on(ctx, r, "view.delete", id, person, nil, func(at domain.Instant) view.Command {
		return view.Delete{At: at, Owner: person}
	})
}

func (v *Views) on(ctx context.Context, r Request, operation string, id, person uuid.UUID, in any, build func(at domain.Instant) view.Command) (Result, error) {
	call, err := v.call(r, operation, id.String(), nil, in)
	if err != nil {
		return Result{}, err
	}
	st, err := Current(afresh(ctx), v.x, viewDecider(), StreamOf("view", id))
	if err != nil {
		return Result{}, fmt.Errorf("find view: %w", err)
	}
	shared := st.Now.SharedWith != "" && r.sees(st.Now.SharedWith)
	if st.Owner == uuid.Nil || st.Owner != person && !shared { // TKT-15: another's is not there unless it is shared
		return Result{}, ErrNotFound
	}
	return Execute(ctx, v.x, viewDecider(), StreamOf("view", id), Given(call, build(call.OccurredAt)))
}
