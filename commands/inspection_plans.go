package commands

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/climate"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func inspectionPlanDecider() Decider[inspectionplan.State, inspectionplan.Command, inspectionplan.Event] {
	return Decider[inspectionplan.State, inspectionplan.Command, inspectionplan.Event]{
		Name: "inspection_plan", Version: "inspection_plan/1", Decide: inspectionplan.Decide,
		Evolve: func(s inspectionplan.State, _ uint64, e inspectionplan.Event) inspectionplan.State {
			return inspectionplan.Evolve(s, e)
		},
	}
}

// InspectionPlans are the use cases of looking after the tools of a kind at a
// site (INS-01 to INS-09). Errors are those of Execute, and ErrNotFound for a
// site that the caller may not see. Who acts is the actor.
type InspectionPlans struct {
	*useCases
	policies *Policies
	sites    *Sites
}

// planStream is that of a kind at a site. A site's code has no dot, so no two
// pairs share a name.
func planStream(site, kind string) string { return "fl.inspection-plan-" + site + "." + kind }

// PlanOf names the plans of a kind at a site.
type PlanOf struct {
	Site string `json:"site"` // code
	Kind string `json:"kind"` // code of the policy of tools
}

// SetInspectionPlan sets how often tools are checked.
type SetInspectionPlan struct {
	PlanOf
	At      *time.Time             `json:"at"`
	Purpose inspectionplan.Purpose `json:"purpose"`
	Months  int                    `json:"months"` // 0 by the site's policy
	Sample  int                    `json:"sample"`
	From    domain.Day             `json:"from"` // "" for today
	Reason  string                 `json:"reason"`
}

// Set sets a plan.
func (p *InspectionPlans) Set(ctx context.Context, r Request, in SetInspectionPlan) (Result, error) {
	return p.on(ctx, r, "inspection_plan.set", in.PlanOf, in.At, in, func(now moment, m *material) inspectionplan.Command {
		c := inspectionplan.SetPlan{Plan: inspectionplan.Set{
			At: now.At, Site: in.Site, Kind: in.Kind, Purpose: in.Purpose, Months: in.Months, Sample: in.Sample, From: in.From, Reason: in.Reason,
		}, Book: m.Book}
		if c.Plan.From == "" {
			c.Plan.From = now.Today
		}
		return c
	})
}

// EndInspectionPlan ends a plan.
type EndInspectionPlan struct {
	PlanOf
	At      *time.Time             `json:"at"`
	Purpose inspectionplan.Purpose `json:"purpose"`
	Reason  string                 `json:"reason"`
}

// End ends a plan.
func (p *InspectionPlans) End(ctx context.Context, r Request, in EndInspectionPlan) (Result, error) {
	return p.on(ctx, r, "inspection_plan.end", in.PlanOf, in.At, in, func(now moment, _ *material) inspectionplan.Command {
		return inspectionplan.EndPlan{At: now.At, Purpose: in.Purpose, Reason: in.Reason}
	})
}

// CheckTools records what a check found. By "" is the actor; maintenance by
// somebody else is supervised by the actor (INS-05).
type CheckTools struct {
	PlanOf
	At      *time.Time               `json:"at"`
	On      domain.Day               `json:"on"` // "" for today
	Purpose inspectionplan.Purpose   `json:"purpose"`
	By      string                   `json:"by"` // person id
	Tools   []inspectionplan.Finding `json:"tools"`
}

// Check records what a check found.
func (p *InspectionPlans) Check(ctx context.Context, r Request, in CheckTools) (Result, error) {
	if in.By != "" {
		if err := p.known(ctx, in.By, domain.Invalid("/by", "ORG-01", "tool.person_unknown")); err != nil {
			return Result{}, err
		}
	}
	return p.on(ctx, r, "inspection_plan.check", in.PlanOf, in.At, in, func(now moment, m *material) inspectionplan.Command {
		c := inspectionplan.Check{
			Checked: inspectionplan.Checked{At: now.At, On: in.On, Purpose: in.Purpose, By: in.By, Supervisor: r.Actor.Person, Tools: in.Tools},
			Today:   now.Today, Site: in.Site, Kind: in.Kind, Roles: r.Actor.Roles, Book: m.Book,
		}
		_, m.err = p.looked(m.ctx, in.PlanOf, len(in.Tools), func(i int) (uuid.UUID, string) { return in.Tools[i].Tool, in.Tools[i].Number })
		if c.On == "" {
			c.On = now.Today
		}
		if c.By == "" {
			c.By, c.Supervisor = r.Actor.Person, ""
		}
		return c
	})
}

// OverdueTools is the list of tools in use past their last day. The read side answers it.
type OverdueTools interface {
	// Overdue returns the tools of a kind that are out of store past a day, as
	// of the log number that it returns.
	Overdue(ctx context.Context, site, kind string, today domain.Day) (int64, []inspectionplan.Overdue, error)
}

// CallBack calls the tools of a kind back that are in use past their last day (INS-02).
func (p *InspectionPlans) CallBack(ctx context.Context, r Request, in PlanOf, list OverdueTools) (Result, error) {
	return p.on(ctx, r, "inspection_plan.call_back", in, nil, in, func(now moment, m *material) inspectionplan.Command {
		c := inspectionplan.CallBack{At: now.At, Today: now.Today}
		c.AsOf, c.Tools, m.err = list.Overdue(m.ctx, in.Site, in.Kind, now.Today)
		return c
	})
}

// PlaceTools puts tools into a coded place (INS-04, INS-07).
type PlaceTools struct {
	PlanOf
	At     *time.Time             `json:"at"`
	Place  string                 `json:"place"`
	Keeper string                 `json:"keeper"` // person id, "" where none is asked for
	Tools  []inspectionplan.Lying `json:"tools"`
}

// Place puts tools into a place.
func (p *InspectionPlans) Place(ctx context.Context, r Request, in PlaceTools) (Result, error) {
	if in.Keeper != "" {
		if err := p.known(ctx, in.Keeper, domain.Invalid("/keeper", "ORG-01", "tool.person_unknown")); err != nil {
			return Result{}, err
		}
	}
	return p.on(ctx, r, "inspection_plan.place", in.PlanOf, in.At, in, func(now moment, m *material) inspectionplan.Command {
		c := inspectionplan.Place{At: now.At, Site: in.Site, Kind: in.Kind, Place: in.Place, Keeper: in.Keeper, Tools: in.Tools, Book: m.Book}
		var found []tool.State
		found, m.err = p.looked(m.ctx, in.PlanOf, len(in.Tools), func(i int) (uuid.UUID, string) { return in.Tools[i].Tool, in.Tools[i].Number })
		for _, st := range found {
			if st.Failed {
				c.Failed = append(c.Failed, st.Number)
			}
		}
		return c
	})
}

// looked returns the tools that a list names, as they stand: each is of the
// plan's site and kind and bears the number that the list says, else a rack
// would hold a wire of another number (INS-04). A list that is too long or
// names a tool twice is the plan's to refuse, or is refused here.
func (p *InspectionPlans) looked(ctx context.Context, of PlanOf, n int, named func(i int) (uuid.UUID, string)) ([]tool.State, error) {
	out, seen := []tool.State{}, []uuid.UUID{}
	for i := range min(n, inspectionplan.ListLimit) {
		at := fmt.Sprintf("/tools/%d", i)
		id, number := named(i)
		st, err := Current(ctx, p.x, toolDecider(), StreamOf("tool", id))
		switch {
		case err != nil:
			return nil, fmt.Errorf("find tool %s: %w", id, err)
		case st.Site != of.Site || st.Kind != of.Kind:
			return nil, domain.Invalid(at+"/tool", "INS-04", "inspect.tool_of_others", "kind", of.Kind)
		case st.Number != number:
			return nil, domain.Invalid(at+"/number", "INS-04", "inspect.number_differs", "number", st.Number)
		case slices.Contains(seen, id):
			return nil, domain.Invalid(at+"/tool", "INS-04", "inspect.tool_twice", "number", number)
		}
		out, seen = append(out, st), append(seen, id)
	}
	return out, nil
}

func (p *InspectionPlans) on(ctx context.Context, r Request, operation string, of PlanOf, at *time.Time, in any,
	build func(now moment, m *material) inspectionplan.Command,
) (Result, error) {
	call, err := p.call(r, operation, of.Site+"."+of.Kind, at, in)
	if err != nil {
		return Result{}, err
	}
	if !r.sees(of.Site) {
		return Result{}, ErrNotFound
	}
	call.Site = of.Site
	return Execute(ctx, p.x, inspectionPlanDecider(), planStream(of.Site, of.Kind), Step[inspectionplan.Command]{
		Call: call, Make: func(ctx context.Context, _ Stream) (inspectionplan.Command, error) {
			m, now, err := keepingMaterial(ctx, p.sites, p.policies, of.Site, call.OccurredAt)
			if err != nil {
				return nil, err
			}
			c := build(now, m)
			return c, m.err
		},
	})
}

// keepingMaterial is what is decided by at a site: its day and its policies.
func keepingMaterial(ctx context.Context, sites *Sites, policies *Policies, site string, at domain.Instant) (*material, moment, error) {
	today, err := sites.today(ctx, site, at)
	if err != nil {
		return nil, moment{}, err
	}
	book, err := policies.Book(ctx, site)
	return &material{Book: book, sealer: sealer{ctx: ctx}}, moment{at, today}, err
}

func climateDecider() Decider[climate.State, climate.Command, climate.Event] {
	return Decider[climate.State, climate.Command, climate.Event]{
		Name: "climate", Version: "climate/1", Decide: climate.Decide,
		Evolve: func(s climate.State, _ uint64, e climate.Event) climate.State { return climate.Evolve(s, e) },
	}
}

// Climates are the use cases of the climate of tool rooms (INS-03). Errors are
// those of Execute, and ErrNotFound for a site that the caller may not see.
type Climates struct {
	*useCases
	policies *Policies
	sites    *Sites
}

// RecordClimate is a reading.
type RecordClimate struct {
	Site            string     `json:"site"`
	Store           string     `json:"store"`
	At              *time.Time `json:"at"`
	TenthsC         int        `json:"tenths_c"`         // tenths of a degree Celsius
	HumidityPercent int        `json:"humidity_percent"` // relative
	Sensor          string     `json:"sensor"`           // code; "" if the actor read it
	Note            string     `json:"note"`             // what is done about a deviation; no personal data
}

// Record adds a reading to the month of a store, in the site's zone.
func (c *Climates) Record(ctx context.Context, r Request, in RecordClimate) (Result, error) {
	call, err := c.call(r, "climate.record", in.Site+"."+in.Store, in.At, in)
	if err != nil {
		return Result{}, err
	}
	if !r.sees(in.Site) {
		return Result{}, ErrNotFound
	}
	m, now, err := keepingMaterial(ctx, c.sites, c.policies, in.Site, call.OccurredAt)
	if err != nil {
		return Result{}, err
	}
	call.Site = in.Site
	cmd := climate.Record{
		At: now.At, Site: in.Site, Store: in.Store, TenthsC: in.TenthsC, HumidityPercent: in.HumidityPercent, Sensor: in.Sensor, Note: in.Note, Book: m.Book,
	}
	if in.Sensor == "" {
		cmd.By = r.Actor.Person
	}
	stream := "fl.climate-" + in.Site + "." + in.Store + "-" + string(now.Today[:len("2006-01")])
	return Execute(ctx, c.x, climateDecider(), stream, Given[climate.Command](call, cmd))
}
