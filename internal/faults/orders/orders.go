// Package orders gives fault tests commands to send: tickets that are
// registered and worked on, each command with a key of its own, so that it can
// be sent as often as one likes; and it judges what became of them, by the log
// and by what the senders heard.
//
// It is for tests only. It never asks the write side what the right answer is.
package orders

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
	"github.com/fieldledger/fieldledger/internal/apptest"
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

// Order is one command, however often it is sent.
type Order struct {
	id uuid.UUID // of the command
	Op string    // "ticket.accept"
	// Send sends it once.
	Send func(ctx context.Context, app *commands.App) (commands.Result, error)

	mu    sync.Mutex
	heard string // the first definite answer
	other string // a definite answer that differs
	sent  int
}

// Hear takes an answer. What says that it does not know is none.
func (o *Order) Hear(r commands.Result, err error) {
	a := Answer(r, err)
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

// Answer is what a sender heard; "" if it was told that nobody knows, or that
// it is to ask again.
func Answer(r commands.Result, err error) string {
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

// Make makes the commands on one ticket: its registration and some more.
func Make(h *apptest.Harness, name string, n int) []*Order {
	request := h.Request(name)
	command := func(op, key string) uuid.UUID {
		return h.IDs.Command(request.Actor.Issuer+"\x00"+request.Actor.Subject, op, key)
	}
	registered := command("ticket.register", name)
	id := h.IDs.Aggregate("ticket", registered)
	in := commands.RegisterTicket{
		Site: "desk", Channel: ticket.Phone, Kind: "fault", Level: 3, Customer: "Wang " + name[len(name)-1:], Text: "it stands",
	}
	all := []*Order{{id: registered, Op: "ticket.register", Send: func(ctx context.Context, app *commands.App) (commands.Result, error) {
		r, err := app.Tickets.Register(ctx, request, in)
		return r.Result, err
	}}}
	for i := 1; i < n; i++ {
		op := operations[rand.IntN(len(operations))] //nolint:gosec // draws work, keeps no secret
		r := h.Request(fmt.Sprintf("%s-%d", name, i))
		all = append(all, &Order{
			id: command(op.name, r.Key), Op: op.name,
			Send: func(ctx context.Context, app *commands.App) (commands.Result, error) {
				return op.run(ctx, app.Tickets, r, id)
			},
		})
	}
	return all
}

// Desk registers the site that all tickets belong to.
func Desk(t *testing.T, h *apptest.Harness) {
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
