package exchange_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// shop is a store with some tools and exchanges, each a stream of its own, and
// what a storekeeper would write down: who has which tool.
type shop struct {
	t     *testing.T
	r     *rand.Rand
	now   time.Time
	tools map[uuid.UUID]tool.State
	swaps map[uuid.UUID]exchange.State
	ids   []uuid.UUID // of the tools
	open  []uuid.UUID // of the exchanges, newest last
	tasks []task      // of the process manager, in the order of their events
	book  map[uuid.UUID]tool.Holder
	count map[string]int
}

// task is one step of the process manager: a command to a tool, or to the exchange.
type task struct {
	exchange, step uuid.UUID
	after          exchange.Event
	at             domain.Instant
}

func newShop(t *testing.T, r *rand.Rand, count map[string]int) *shop {
	t.Helper()
	s := &shop{
		t: t, r: r, now: at(1).Time, tools: map[uuid.UUID]tool.State{}, swaps: map[uuid.UUID]exchange.State{}, book: map[uuid.UUID]tool.Holder{}, count: count,
	}
	for n := range 6 {
		id := uuid.UUID{0: 9, 15: byte(n)}
		holder := []tool.Holder{main, ofLi, {Kind: tool.Person, Who: wang}, main, main, ofCrew}[n]
		s.ids = append(s.ids, id)
		s.tools[id] = tool.Evolve(tool.State{}, tool.Registered{
			At: at(1), Site: "mine", Number: "W", Kind: "wrench", Spec: "27 mm", PurchasedOn: "2025-01-10", LifeMonths: 36, Use: tool.Personal, Home: "main", Holder: holder,
		})
		s.book[id] = holder
	}
	return s
}

func (s *shop) tick() domain.Instant {
	s.now = s.now.Add(time.Minute)
	return domain.At(s.now)
}

// refused reports whether err is the refusal of a rule; nothing else may be.
func (s *shop) refused(c any, err error) bool {
	if err == nil {
		return false
	}
	_, rule := errors.AsType[*domain.RuleError](err)
	_, invalid := errors.AsType[*domain.InvalidError](err)
	require.True(s.t, rule || invalid, "%T: %v", c, err)
	s.count["refused"]++
	return true
}

// onTool gives a command to a tool; what moves by its own stream is written down.
func (s *shop) onTool(id uuid.UUID, c tool.Command) {
	events, err := tool.Decide(s.tools[id], c)
	if s.refused(c, err) {
		return
	}
	for _, e := range events {
		before := s.tools[id]
		s.tools[id] = tool.Evolve(before, e)
		_, settled := e.(tool.Exchanged)
		if s.tools[id].Holder == before.Holder || settled { // the completion wrote it down
			continue
		}
		require.Equal(s.t, uuid.Nil, before.KeptBy, "%T moved a tool that is kept", e)
		if before.Surrendered && before.Holder.Kind == tool.Store {
			require.Contains(s.t, []tool.HolderKind{tool.Repairer, tool.Nobody}, s.tools[id].Holder.Kind, "EXC-05 %T", e)
		}
		s.book[id] = s.tools[id].Holder
	}
}

// onSwap gives a command to an exchange; what follows is left to the manager.
func (s *shop) onSwap(id uuid.UUID, c exchange.Command) {
	events, err := exchange.Decide(s.swaps[id], c)
	if s.refused(c, err) {
		return
	}
	for _, e := range events {
		s.swaps[id] = exchange.Evolve(s.swaps[id], e)
		s.follows(id, e)
	}
}

func (s *shop) follows(id uuid.UUID, e exchange.Event) {
	var steps []uuid.UUID
	var when domain.Instant
	switch e := any(e).(type) { // of those that something follows from
	case exchange.ReplacementChosen:
		steps, when = []uuid.UUID{*e.Old, e.New.Tool, id}, e.At
	case exchange.ReservationFailed:
		steps, when = e.Tools, e.At
		s.count["failed"]++
	case exchange.Withdrawn:
		steps, when = e.Tools, e.At
		s.count["withdrawn"]++
	case exchange.Completed:
		steps, when = append([]uuid.UUID{}, e.Moves[0].Tool, e.Moves[1].Tool, id), e.At
		for _, m := range e.Moves { // both at once, here and now
			require.Equal(s.t, id, s.tools[m.Tool].KeptBy, "EXC-06 only what is kept is moved")
			require.NotEqual(s.t, m.To, s.book[m.Tool])
			s.book[m.Tool] = m.To
		}
		s.count["completed"]++
	}
	for _, step := range steps {
		s.tasks = append(s.tasks, task{id, step, e, when})
	}
}

// manage does the next step of the process manager, or does the last one once
// more, as one that was killed before it had written down what it did.
func (s *shop) manage() {
	if len(s.tasks) == 0 {
		return
	}
	t := s.tasks[0]
	if s.r.IntN(3) > 0 {
		s.tasks = s.tasks[1:]
	} else {
		s.count["repeated"]++
	}
	switch {
	case t.step == t.exchange:
		s.ask(t)
	case t.keeps():
		swap := s.swaps[t.exchange]
		if swap.Status != exchange.StatusReserving || !slices.Contains(swap.Kept(), t.step) {
			return
		}
		part := tool.PartNew
		if t.step == swap.Old.Tool {
			part = tool.PartOld
		}
		s.onTool(t.step, tool.Keep{At: t.at, Today: today, Exchange: t.exchange, Part: part, Holder: swap.Keeper, Book: free})
	case t.completes():
		if s.tools[t.step].KeptBy != t.exchange {
			return // the repeat of a command is not decided again
		}
		for _, m := range s.swaps[t.exchange].Moves {
			if m.Tool == t.step {
				s.onTool(t.step, tool.Settle{At: t.at, Exchange: t.exchange, Holder: m.To})
			}
		}
	default:
		s.onTool(t.step, tool.Release{At: t.at, Exchange: t.exchange})
	}
}

// completes reports whether a step is of a completion.
func (t task) completes() bool {
	_, ok := t.after.(exchange.Completed)
	return ok
}

// keeps reports whether a step is of a choice.
func (t task) keeps() bool {
	_, ok := t.after.(exchange.ReplacementChosen)
	return ok
}

// ask has an exchange look at its tools.
func (s *shop) ask(t task) {
	swap := s.swaps[t.exchange]
	var missing []uuid.UUID
	if t.completes() {
		for _, m := range swap.Moves {
			if s.tools[m.Tool].KeptBy == t.exchange {
				missing = append(missing, m.Tool)
			}
		}
		s.onSwap(t.exchange, exchange.Settle{At: t.at, Missing: missing})
		return
	}
	for _, id := range swap.Kept() {
		if s.tools[id].KeptBy != t.exchange {
			missing = append(missing, id)
		}
	}
	s.onSwap(t.exchange, exchange.Reserve{At: t.at, Missing: missing})
}

// custodian is who has a tool: read through the exchange that keeps it.
func (s *shop) custodian(id uuid.UUID) tool.Holder {
	state := s.tools[id]
	for _, m := range s.swaps[state.KeptBy].Moves {
		if m.Tool == id {
			return m.To
		}
	}
	return state.Holder
}

func (s *shop) item(id uuid.UUID) exchange.Item {
	state := s.tools[id]
	return exchange.Item{
		Tool: id, Number: state.Number, Model: exchange.Model{Kind: state.Kind, Spec: state.Spec}, PurchasedOn: state.Purchased, LifeMonths: state.Life, Used: state.Used,
	}
}

// spare is a tool that may be given out, most of the time, if there is one.
func (s *shop) spare(other uuid.UUID) uuid.UUID {
	for _, id := range s.ids {
		state := s.tools[id]
		if s.r.IntN(4) > 0 && state.Standing == tool.StandingInStore && !state.Surrendered && state.Blocked == "" && state.KeptBy == uuid.Nil {
			return id
		}
	}
	return other
}

func (s *shop) anybody() string { return []string{li, wang, keeper, boss}[s.r.IntN(4)] }

// step does something, most of it sensible.
func (s *shop) step() {
	id := s.ids[s.r.IntN(len(s.ids))]
	switch n := s.r.IntN(20); {
	case n < 8:
		s.manage()
	case n < 15:
		s.exchange(id)
	default:
		s.elsewhere(id)
	}
}

func (s *shop) exchange(id uuid.UUID) {
	now := s.tick()
	if len(s.open) == 0 || s.r.IntN(6) == 0 {
		x := uuid.NewSHA1(uuid.Nil, []byte(now.String()+id.String()))
		holder := s.custodian(id)
		s.onSwap(x, exchange.Apply{At: now, Site: "mine", By: holder.Who, Old: s.item(id), Keeper: holder, Reason: "worn", Book: free})
		if s.swaps[x].Status != "" {
			s.open = append(s.open, x)
		}
		return
	}
	x := s.open[len(s.open)-1-s.r.IntN(min(4, len(s.open)))]
	swap := s.swaps[x]
	switch {
	case s.r.IntN(25) == 0:
		s.onSwap(x, exchange.Withdraw{At: now, By: s.anybody(), Reason: "other", ForStore: s.r.IntN(2) == 0})
	case swap.Status == exchange.StatusApproved:
		s.onSwap(x, exchange.Surrender{At: now, By: keeper, Giver: swap.Applicant, Store: "main", Book: free})
	case swap.Status == exchange.StatusSurrendered:
		outcome := []exchange.Outcome{exchange.NoValue, exchange.NoValue, exchange.NoValue, exchange.Usable}[s.r.IntN(4)]
		s.onSwap(x, exchange.Inspect{At: now, Today: today, By: s.anybody(), Outcome: outcome, ScrapNote: "jaw off", HumanFault: s.r.IntN(2) == 0, Finding: "f"})
	case swap.Status == exchange.StatusInspected:
		s.onSwap(x, exchange.Choose{At: now, By: keeper, New: s.item(s.spare(id))})
	default: // whatever it stands at
		s.onSwap(x, exchange.Complete{At: now, By: []string{swap.Applicant, s.anybody()}[s.r.IntN(2)]})
	}
}

// elsewhere is what happens to a tool beside exchanges.
func (s *shop) elsewhere(id uuid.UUID) {
	now, state := s.tick(), s.tools[id]
	to := tool.Holder{Kind: tool.Person, Who: []string{li, wang}[s.r.IntN(2)]}
	switch s.r.IntN(12) {
	case 0:
		s.onTool(id, tool.Issue{At: now, Today: today, To: to, Book: free})
	case 1:
		s.onTool(id, tool.Accept{At: now, By: state.Offer.Who, Book: free})
	case 2:
		s.onTool(id, tool.Return{At: now, Store: "main", By: li, Condition: tool.Worn, Book: free})
	case 3:
		s.onTool(id, tool.HandOver{At: now, To: to, By: to.Who, Book: free})
	case 4:
		s.onTool(id, tool.SendToRepair{At: now, Repairer: "R1", From: &to})
	case 5:
		s.onTool(id, tool.ReportMissing{At: now, LostAt: now, Place: "sump", By: li})
	case 6:
		s.onTool(id, tool.Find{At: now, Store: "main", Book: free})
	case 7:
		s.onTool(id, tool.Block{At: now, Reason: tool.BlockFault})
	case 8, 9:
		s.onTool(id, tool.Clear{At: now, By: boss})
	default: // surrendered ones come back from the repairer
		s.onTool(id, tool.SendToRepair{At: now, Repairer: "R1"})
	}
}

// check holds what the streams say against what was written down.
func (s *shop) check() {
	for _, id := range s.ids {
		has := s.custodian(id)
		require.Equal(s.t, s.book[id], has, "exactly one custodian, and the one who was written down")
		require.NotEmpty(s.t, has.Kind)
	}
}

// rest has the manager come to an end: every exchange is whole or not at all.
func (s *shop) rest() {
	for len(s.tasks) > 0 {
		s.manage()
		s.check()
	}
	for _, x := range s.open {
		swap := s.swaps[x]
		require.NotContains(s.t, []exchange.Status{exchange.StatusReserving, exchange.StatusCompleted}, swap.Status)
		for _, id := range s.ids {
			if s.tools[id].KeptBy == x {
				require.Equal(s.t, exchange.StatusReserved, swap.Status, "nothing is kept by what came to an end")
				require.Contains(s.t, swap.Kept(), id)
			}
		}
		if swap.Status == exchange.StatusReserved {
			for _, id := range swap.Kept() {
				require.Equal(s.t, x, s.tools[id].KeptBy, "both are kept")
			}
		}
	}
}

func TestEXC06AnExchangeIsWholeOrNotAtAllInAHundredThousandRandomSteps(t *testing.T) {
	t.Parallel()
	const walks, steps = 500, 200
	r := rand.New(rand.NewPCG(6, 3))
	count := map[string]int{}
	for range walks {
		s := newShop(t, r, count)
		for range steps {
			s.step()
			s.check()
		}
		s.rest()
	}
	t.Log(count)
	for _, what := range []string{"completed", "withdrawn", "failed", "repeated"} {
		require.Greater(t, count[what], walks/2, what)
	}
}
