package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/faults/scale"
	"github.com/fieldledger/fieldledger/internal/outcomes"
)

// operation is a command on a ticket. Which of them are refused, or change
// nothing, depends on what came before.
type operation struct {
	name string
	run  func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error)
}

var operations = []operation{
	{"ticket.accept", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.Accept(ctx, r, id, nil)
	}},
	{"ticket.pause", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.Pause(ctx, r, id, commands.PauseTicket{Reason: ticket.WaitingCustomer})
	}},
	{"ticket.resume", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.Resume(ctx, r, id, nil)
	}},
	{"ticket.resolve", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.Resolve(ctx, r, id, commands.ResolveTicket{})
	}},
	{"ticket.sign_off", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.SignOff(ctx, r, id, commands.SignOffTicket{Signer: "Wang"})
	}},
	{"ticket.close", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.Close(ctx, r, id, nil)
	}},
	{"ticket.reopen", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.Reopen(ctx, r, id, commands.ReopenTicket{Reason: "again"})
	}},
	{"ticket.change_level", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.ChangeLevel(ctx, r, id, commands.ChangeTicketLevel{Level: 2, Reason: "worse"})
	}},
	{"ticket.add_note", func(ctx context.Context, t *commands.Tickets, r commands.Request, id uuid.UUID) (commands.Result, error) {
		return t.AddNote(ctx, r, id, commands.AddNote{Text: "called"})
	}},
}

// order is one command, however often it is sent.
type order struct {
	id    uuid.UUID // of the command
	op    string
	send  func(ctx context.Context, app *commands.App) (commands.Result, error)
	mu    sync.Mutex
	heard string // the first definite answer
	other string // a definite answer that differs
	sent  int
}

// hear takes an answer. What says that it does not know is none.
func (o *order) hear(r commands.Result, err error) {
	a := answer(r, err)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	switch {
	case a == "":
	case o.heard == "":
		o.heard = a
	case a != o.heard:
		o.other = a
	}
}

func answer(r commands.Result, err error) string {
	rule, isRule := errors.AsType[*domain.RuleError](err)
	invalid, isInvalid := errors.AsType[*domain.InvalidError](err)
	switch {
	case err == nil && r.Changed:
		return fmt.Sprintf("changed %s to %d", r.Stream, r.Revision)
	case err == nil:
		return fmt.Sprintf("%s held at %d", r.Stream, r.Revision)
	case isRule:
		return fmt.Sprintf("refused %s %s %v", rule.Rule, rule.Key, rule.Args)
	case isInvalid:
		return fmt.Sprintf("invalid %s %s %v", invalid.Rule, invalid.Key, invalid.Args)
	}
	return ""
}

// ports are what a process stands on, with what it loses.
type ports func(h *apptest.Harness) commands.Ports

// process is a write side that can be restarted under its callers.
type process struct {
	*apptest.Harness
	ports ports
	fresh bool // a new process for each call: nothing is remembered but what is stored
	mu    sync.RWMutex
	app   *commands.App
	alive context.Context
	kill  context.CancelFunc
}

func (p *process) restart(ctx context.Context) {
	if p.kill != nil {
		p.kill()
	}
	p.mu.Lock() // the calls of the old one have ended
	defer p.mu.Unlock()
	p.app = commands.New(p.ports(p.Harness))
	p.alive, p.kill = context.WithCancel(ctx)
}

func (p *process) deliver(o *order) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	ctx, cancel := context.WithTimeout(p.alive, patience)
	defer cancel()
	app := p.app
	if p.fresh {
		app = commands.New(p.ports(p.Harness))
	}
	r, err := o.send(ctx, app)
	if rand.IntN(10) == 0 {
		err = errLost // on its way to the caller
	}
	o.hear(r, err)
}

var errLost = errors.New("the answer was lost")

// orders makes the commands on one ticket: its registration and some more.
func orders(h *apptest.Harness, name string, n int) []*order {
	request := h.Request(name)
	command := func(op, key string) uuid.UUID {
		return h.IDs.Command(request.Actor.Issuer+"\x00"+request.Actor.Subject, op, key)
	}
	registered := command("ticket.register", name)
	id := h.IDs.Aggregate("ticket", registered)
	in := commands.RegisterTicket{
		Site: "desk", Channel: ticket.Phone, Kind: "fault", Level: 3, Customer: "Wang " + name[len(name)-1:], Text: "it stands",
	}
	all := []*order{{id: registered, op: "ticket.register", send: func(ctx context.Context, app *commands.App) (commands.Result, error) {
		r, err := app.Tickets.Register(ctx, request, in)
		return r.Result, err
	}}}
	for i := 1; i < n; i++ {
		op := operations[rand.IntN(len(operations))]
		r := h.Request(fmt.Sprintf("%s-%d", name, i))
		all = append(all, &order{
			id: command(op.name, r.Key), op: op.name,
			send: func(ctx context.Context, app *commands.App) (commands.Result, error) { return op.run(ctx, app.Tickets, r, id) },
		})
	}
	return all
}

// desk registers the site that all tickets belong to.
func desk(t *testing.T, h *apptest.Harness) {
	t.Helper()
	_, err := h.App.Sites.Register(t.Context(), h.Request("site"), commands.RegisterSite{Code: "desk", Name: "Desk", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	hours := `[["08:00","18:00"]]`
	for kind, content := range map[policy.Kind]string{
		policy.KindCalendar: `{"zone":"Asia/Shanghai","week":{"mon":` + hours + `,"tue":` + hours + `,"wed":` + hours + `,"thu":` + hours + `,"fri":` + hours + `,"sat":[],"sun":[]},"days":{}}`,
		policy.KindSLA: `{"calendar":"` + h.IDs.Policy("desk", "calendar").String() + `","targets":[
			{"level":3,"name":"first_contact","clock":"working","limit_s":3600},
			{"level":3,"name":"resolution","clock":"working","limit_s":28800}]}`,
	} {
		_, err := h.App.Policies.Record(t.Context(), h.Request("policy-"+string(kind)), commands.RecordPolicy{
			Site: "desk", Kind: kind, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first", Content: json.RawMessage(content),
		})
		require.NoError(t, err)
	}
}

const perTicket = 10

// repeat sends every command of n tickets one to five times, one after the
// other or at once, restarts the process now and then, and in the end asks
// once more for each answer with nothing in the way.
func repeat(t *testing.T, h *apptest.Harness, lossy ports, n, restartEvery int) []*order {
	t.Helper()
	ctx := t.Context()
	p := &process{Harness: h, ports: lossy, fresh: restartEvery == 0}
	p.restart(ctx)
	var all []*order
	var mu sync.Mutex
	turns := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for turn := range turns {
				mine := orders(h, fmt.Sprintf("ticket-%d", turn), perTicket)
				for _, o := range mine {
					sendOften(p, o)
				}
				h.Clock.Advance(time.Second)
				mu.Lock()
				all = append(all, mine...)
				mu.Unlock()
			}
		})
	}
	for turn := range n {
		turns <- turn
		if restartEvery > 0 && turn%restartEvery == restartEvery-1 {
			p.restart(ctx)
		}
	}
	close(turns)
	workers.Wait()
	calm := commands.New(sound(h))
	for _, o := range all {
		r, err := o.send(ctx, calm)
		require.NotEmpty(t, answer(r, err), "%s: %v", o.op, err)
		o.hear(r, err)
	}
	return all
}

func sendOften(p *process, o *order) {
	times := 1 + rand.IntN(5)
	if rand.IntN(4) > 0 {
		for range times {
			p.deliver(o)
		}
		return
	}
	var wg sync.WaitGroup
	for range times {
		wg.Go(func() { p.deliver(o) })
	}
	wg.Wait()
}

// sound are ports that lose nothing.
func sound(h *apptest.Harness) commands.Ports {
	return commands.Ports{Store: h.Store, Outcomes: outcomes.New(h.Pool, h.Clock), Vault: h.Vault, Clock: h.Clock, IDs: h.IDs, Log: h.Log}
}

// effects returns, for each command, the last revisions of the runs of events
// that it left in its stream: one for one effect.
func effects(t *testing.T, h *apptest.Harness) map[uuid.UUID][]int64 {
	t.Helper()
	runs := map[uuid.UUID][]int64{}
	before := map[string]uuid.UUID{}
	_, err := h.Node.Scan(t.Context(), eventschemas.Position{}, "fl.ticket-", func(e eventschemas.Recorded) error {
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		if err != nil {
			return err
		}
		id := env.Command.ID
		if before[e.Stream] == id && e.Revision > 0 {
			runs[id][len(runs[id])-1] = int64(e.Revision)
		} else {
			runs[id] = append(runs[id], int64(e.Revision))
		}
		before[e.Stream] = id
		return nil
	})
	require.NoError(t, err)
	return runs
}

// judged counts commands by what is wrong with them.
type judged struct {
	commands, sends                    int
	changed, held, refused             int
	twoAnswers, twoEffects, wrongState int
	example                            string
}

func judge(all []*order, runs map[uuid.UUID][]int64) judged {
	var j judged
	for _, o := range all {
		j.commands++
		j.sends += o.sent
		effect := runs[o.id]
		var stream string
		var revision int64
		_, changed := fmt.Sscanf(o.heard, "changed %s to %d", &stream, &revision)
		_, held := fmt.Sscanf(o.heard, "%s held at %d", &stream, &revision)
		switch {
		case changed == nil:
			j.changed++
		case held == nil:
			j.held++
		default:
			j.refused++
		}
		bad := true
		switch {
		case o.other != "":
			j.twoAnswers++
		case len(effect) > 1:
			j.twoEffects++
		case (changed == nil) != (len(effect) == 1), changed == nil && effect[0] != revision:
			j.wrongState++
		default:
			bad = false
		}
		if bad {
			j.example = fmt.Sprintf("%s: %q, %q, runs end at %v", o.op, o.heard, o.other, effect)
		}
	}
	return j
}

func (j judged) bad() int { return j.twoAnswers + j.twoEffects + j.wrongState }

func (j judged) String() string {
	return fmt.Sprintf("%d commands in %d sends: %d changed something, %d changed nothing, %d were refused",
		j.commands, j.sends, j.changed, j.held, j.refused)
}

func TestTKT02ACommandSentUpToFiveTimesWithLostAnswersHasOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	desk(t, h)
	n := scale.Times(30, 10_000)
	j := judge(repeat(t, h, losing, n, max(5, n/50)), effects(t, h))
	t.Log(j)
	require.Zero(t, j.bad(), "%+v", j)
	require.Positive(t, j.changed)
	require.Positive(t, j.held)
	require.Positive(t, j.refused)
}
