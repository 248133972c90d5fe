package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

const (
	toolSite    = "bench"
	toolSystem  = "bench" // the source of what is made
	toolZone    = "Asia/Shanghai"
	toolStores  = 20
	toolBig     = "s01" // store that three of ten tools come home to
	toolWriters = 16
	toolSeed    = 20260101
	yearEvents  = 3 // of one tool and year, in one append
)

var toolEnd = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // of the histories

// toolPolicies are those of the site, in force before the histories begin.
var toolPolicies = map[policy.Kind]string{
	policy.KindTools: func() string {
		var stores, kinds []string
		for n := range toolStores {
			stores = append(stores, fmt.Sprintf(`{"code":"s%02d","name":"store %d"}`, n+1, n+1))
		}
		for n := range 10 {
			category, months := "hand", 0
			if n >= 8 { // a fifth is inspected
				category, months = "safety", 13
			}
			kinds = append(kinds, fmt.Sprintf(
				`{"code":"k%d","name":"kind %d","category":%q,"life_months":36,"inspect_months":%d,"store_kept":false}`, n, n, category, months))
		}
		return `{"stores":[` + strings.Join(stores, ",") + `],"kinds":[` + strings.Join(kinds, ",") + `]}`
	}(),
	policy.KindKeeping: `{"stocktake_months":1,"climate":{"low_tenths_c":-150,"high_tenths_c":350,"humidity_percent":80},"checks":[],"places":[]}`,
}

// toolWorld is what the generator has made: the same for the same numbers.
type toolWorld struct {
	start   time.Time
	years   int
	persons []uuid.UUID
	teams   []uuid.UUID
	tools   []toolLife
	events  atomic.Int64
}

// toolLife is one tool as it is after its last event.
type toolLife struct {
	id       uuid.UUID
	number   string
	kind     int
	home     string
	holder   tool.Holder
	revision int64
	rng      *rand.Rand
}

func (l *toolLife) inspected() bool { return l.kind >= 8 }

// makeTools appends the histories of all tools, a year of all of them before
// the next year of any, as if they had been kept all the time.
func (b *bench) makeTools(ctx context.Context, s *system) (*toolWorld, error) {
	w := &toolWorld{start: toolEnd.AddDate(-b.Years, 0, 0), years: b.Years, tools: make([]toolLife, b.Tools)}
	if err := w.site(ctx, s, b.People); err != nil {
		return nil, err
	}
	for n := range w.tools {
		rng := rand.New(rand.NewPCG(toolSeed, uint64(n))) //nolint:gosec // the same each time
		w.tools[n] = toolLife{
			id: s.ports.IDs.External("tool", toolSite, toolSystem, strconv.Itoa(n)), number: fmt.Sprintf("T-%06d", n), kind: rng.IntN(10), home: aStore(rng), rng: rng,
		}
	}
	book, err := s.app.Policies.Book(ctx, toolSite)
	if err != nil {
		return nil, err
	}
	zone, err := calendar.LoadZone(toolZone)
	if err != nil {
		return nil, err
	}
	store := s.store
	if s.node != nil {
		store = s.node // no need to go through the client
	}
	m := toolMaker{w: w, book: book, zone: zone, x: commands.NewExecutor(store, s.outcomes, s.clock, s.log), digest: s.vault.Digest}
	p := b.t.progress("tools")
	defer p.end()
	for year := range b.Years {
		if err := m.year(ctx, year, func(n int) { p.update(int64(year*b.Tools+n), int64(b.Years*b.Tools)) }); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// site registers the site with its policies, people and teams.
func (w *toolWorld) site(ctx context.Context, s *system, people int) error {
	if _, err := s.app.Sites.Register(ctx, operator("bench-site"), commands.RegisterSite{Code: toolSite, Name: "bench", Zone: toolZone}); err != nil {
		return fmt.Errorf("register site: %w", err)
	}
	for kind, content := range toolPolicies {
		if _, err := s.app.Policies.Record(ctx, operator("bench-"+string(kind)), commands.RecordPolicy{
			Site: toolSite, Kind: kind, EffectiveFrom: w.start.AddDate(0, 0, -1), Reason: "bench", Content: []byte(content),
		}); err != nil {
			return fmt.Errorf("record policy %s: %w", kind, err)
		}
	}
	w.persons, w.teams = make([]uuid.UUID, people), make([]uuid.UUID, max(1, people/20))
	err := atOnce(ctx, people, nil, func(n int) (err error) {
		w.persons[n], err = s.app.Imports.Person(ctx, operator("bench"), toolSite, domain.ExternalKey{System: toolSystem, Key: fmt.Sprint("p", n)}, fmt.Sprintf("Person %d", n), w.start)
		return err
	})
	return errors.Join(err, atOnce(ctx, len(w.teams), nil, func(n int) (err error) {
		w.teams[n], err = s.app.Imports.Team(ctx, operator("bench"), toolSite, domain.ExternalKey{System: toolSystem, Key: fmt.Sprint("t", n)}, fmt.Sprintf("Team %d", n), w.start)
		return err
	}))
}

// atOnce calls f for 0 to n-1, so many at once as there are writers.
func atOnce(ctx context.Context, n int, progress func(int), f func(int) error) error {
	var next atomic.Int64
	errs := make([]error, toolWriters)
	var wg sync.WaitGroup
	for k := range errs {
		wg.Go(func() {
			for errs[k] == nil && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[k] = f(i); progress != nil {
					progress(i)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// toolMaker appends histories by the tool's own decider.
type toolMaker struct {
	w      *toolWorld
	book   *policy.Book
	zone   *time.Location
	x      *commands.Executor
	digest func([]byte) string
}

func toolDecider() commands.Decider[tool.State, tool.Command, tool.Event] {
	return commands.Decider[tool.State, tool.Command, tool.Event]{
		Name: "tool", Version: "tool/1", Decide: tool.Decide,
		Evolve: func(s tool.State, _ uint64, e tool.Event) tool.State { return tool.Evolve(s, e) },
	}
}

func (m toolMaker) year(ctx context.Context, year int, progress func(int)) error {
	from := m.w.start.AddDate(year, 0, 0)
	return atOnce(ctx, len(m.w.tools), progress, func(n int) error {
		l := &m.w.tools[n]
		var steps []commands.Step[tool.Command]
		for _, c := range m.commands(l, from, year == 0) {
			key := fmt.Sprintf("%d/%d/%d", n, year, len(steps))
			steps = append(steps, commands.Given(commands.Call{
				ID: uuid.NewSHA1(l.id, []byte(key)), Type: "tool.import", Digest: m.digest([]byte(key)), Site: toolSite, Actor: operator("").Actor,
				OccurredAt: c.at, Source: &eventschemas.Source{System: toolSystem, Row: key},
			}, c.command))
		}
		results, err := commands.ExecuteAll(ctx, m.x, toolDecider(), commands.StreamOf("tool", l.id), steps)
		if err != nil {
			return fmt.Errorf("make tool %d: %w", n, err)
		}
		for _, r := range results {
			m.w.events.Add(int64(r.Events))
			l.revision = r.Revision
		}
		return nil
	})
}

// made is a command with its time.
type made struct {
	at      domain.Instant
	command tool.Command
}

// commands are those of one tool and year.
func (m toolMaker) commands(l *toolLife, from time.Time, first bool) []made {
	var out []made
	if first {
		at := domain.At(from)
		l.holder = tool.Holder{Kind: tool.Store, Who: l.home}
		out = append(out, made{at, tool.Register{
			At: at, Site: toolSite, Number: l.number, Kind: fmt.Sprintf("k%d", l.kind), Name: fmt.Sprintf("tool of kind %d", l.kind), Spec: "M12", Brand: "brand",
			PriceFen: int64(1000 + l.rng.IntN(100000)), PurchasedOn: domain.DayOf(from, m.zone), Use: "personal", Store: l.home, Book: m.book,
		}})
	}
	day := 1 + l.rng.IntN(10)
	if l.inspected() {
		at := m.time(l, from, day)
		out = append(out, made{at, tool.Inspect{
			At: at, Today: domain.DayOf(at.Time, m.zone), On: domain.DayOf(at.Time, m.zone), Passed: true, Inspector: m.w.persons[0].String(), Label: l.number, Book: m.book,
		}})
	}
	for len(out) < yearEvents {
		day += 1 + l.rng.IntN(115)
		at := m.time(l, from, day)
		out = append(out, m.move(l, at)...)
	}
	return out
}

func (m toolMaker) time(l *toolLife, from time.Time, day int) domain.Instant {
	return domain.At(from.AddDate(0, 0, day).Add(time.Duration(l.rng.IntN(10*3600)) * time.Second))
}

// move is what somebody does with the tool next.
func (m toolMaker) move(l *toolLife, at domain.Instant) []made {
	today := domain.DayOf(at.Time, m.zone)
	chance := l.rng.IntN(100)
	switch {
	case l.holder.Kind == tool.Store && chance < 75: // issued and accepted
		to, by := m.person(l), ""
		if by = to.Who; chance < 15 {
			to = tool.Holder{Kind: tool.Team, Who: m.w.teams[l.rng.IntN(len(m.w.teams))].String()}
		}
		l.holder = to
		return []made{{at, tool.Issue{At: at, Today: today, To: to, Book: m.book}}, {at, tool.Accept{At: at, Today: today, By: by, Of: to.Who, Book: m.book}}}
	case l.holder.Kind == tool.Store && chance < 95:
		l.holder = m.person(l)
		return []made{{at, tool.Lend{
			At: at, Today: today, To: l.holder, Until: domain.At(at.AddDate(0, 1, 0)), Purpose: "work", Responsible: l.holder.Who, Book: m.book,
		}}}
	case l.holder.Kind == tool.Store:
		l.holder = tool.Holder{Kind: tool.Repairer, Who: "workshop"}
		return []made{{at, tool.SendToRepair{At: at, Repairer: "workshop"}}}
	case l.holder.Kind == tool.Repairer:
		return []made{{at, m.back(l, at, "")}}
	case chance < 70:
		return []made{{at, m.back(l, at, m.w.persons[0].String())}}
	}
	to := m.person(l)
	if to == l.holder {
		return []made{{at, m.back(l, at, to.Who)}}
	}
	l.holder = to
	return []made{{at, tool.HandOver{At: at, Today: today, To: to, By: to.Who, Reason: "shift", Book: m.book}}}
}

// back takes the tool into its home, or one of ten times into another store.
func (m toolMaker) back(l *toolLife, at domain.Instant, by string) tool.Return {
	store, condition := l.home, tool.Good
	if l.rng.IntN(10) == 0 {
		store, condition = aStore(l.rng), tool.Worn
	}
	l.holder = tool.Holder{Kind: tool.Store, Who: store}
	return tool.Return{At: at, Store: store, By: by, Condition: condition, Book: m.book}
}

func (m toolMaker) person(l *toolLife) tool.Holder {
	return tool.Holder{Kind: tool.Person, Who: m.w.persons[l.rng.IntN(len(m.w.persons))].String()}
}

func aStore(rng *rand.Rand) string {
	if rng.IntN(10) < 3 {
		return toolBig
	}
	return fmt.Sprintf("s%02d", 2+rng.IntN(toolStores-1))
}
