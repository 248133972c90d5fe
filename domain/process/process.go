// Package process keeps what a process manager has taken in and what became
// of the commands that followed: inbox and outbox of one manager (ADR 0013).
//
// A manager's streams are parts of one history, each begun with the state that
// the part before ended with, so that none passes a thousand events. Every
// command of the package names an epoch: who claimed a manager last is the one
// that may write, and everybody before is fenced. It is pure, and knows nothing
// of what a manager does.
package process

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// RollAt is how many events a part gets before the next one is begun; what
// may still come after that keeps it below a thousand.
const RollAt = 900

// ErrFenced says that somebody else has claimed the manager, or that its part
// has been continued: whoever gets it stops.
var ErrFenced = errors.New("another process runs the manager")

// Event is what happened to a manager.
//
//sumtype:decl
type Event interface{ event() }

// Opened begins a part of a manager's history. Type process.opened.v1.
type Opened struct {
	At       domain.Instant `json:"at"`
	Manager  string         `json:"manager"`   // its name, "retarget"
	Part     int            `json:"part"`      // from 1
	LiveFrom int64          `json:"live_from"` // log number: what is at or before it is never acted on
	Number   int64          `json:"number"`    // log number of the last event taken in; LiveFrom before the first
	EventID  uuid.UUID      `json:"event_id"`  // its id; zero before the first
	Epoch    int64          `json:"epoch"`     // of who runs the manager; 0 for nobody yet
	Open     []Task         `json:"open"`      // tasks that are not complete, in the order of their events
}

// Claimed says that somebody runs the manager from now on, and nobody before. Type process.claimed.v1.
type Claimed struct {
	At    domain.Instant `json:"at"`
	Epoch int64          `json:"epoch"` // one more than before
}

// Noticed takes an event in: a task is open from now on. Type process.noticed.v1.
type Noticed struct {
	At    domain.Instant `json:"at"`
	Input Input          `json:"input"`
	ActAt domain.Instant `json:"act_at"` // not acted on before
}

// Begun says that a task is being acted on. Type process.begun.v1.
type Begun struct {
	At    domain.Instant `json:"at"`
	Input uuid.UUID      `json:"input"` // id of the event that the task is of
	AsOf  int64          `json:"as_of"` // log number as of which the read models are asked
}

// Recorded keeps what became of some of a task's commands, in their order. Type process.recorded.v1.
type Recorded struct {
	At       domain.Instant `json:"at"`
	Input    uuid.UUID      `json:"input"`    // id of the event that the task is of
	From     int            `json:"from"`     // how many outcomes of the task were recorded before
	Outcomes []Outcome      `json:"outcomes"` // one a command
	Complete bool           `json:"complete"` // no command is left
}

// Continued ends a part: what follows is in the next one. Type process.continued.v1.
type Continued struct {
	At   domain.Instant `json:"at"`
	Part int            `json:"part"` // the next one
}

func (Opened) event()    {}
func (Claimed) event()   {}
func (Noticed) event()   {}
func (Begun) event()     {}
func (Recorded) event()  {}
func (Continued) event() {}

// Input names an event that a manager acts on.
type Input struct {
	Number   int64     `json:"number"` // log number
	EventID  uuid.UUID `json:"event_id"`
	Stream   string    `json:"stream"`
	Revision uint64    `json:"revision"`
	Type     string    `json:"type"` // "policy.version_recorded.v1"
}

// Task is what a manager does about one event.
type Task struct {
	Input Input          `json:"input"`
	ActAt domain.Instant `json:"act_at"`
	AsOf  int64          `json:"as_of"` // 0 until it is begun
	Done  int            `json:"done"`  // outcomes recorded
	Last  uuid.UUID      `json:"last"`  // step of the last of them; zero before the first
}

// Outcome is what became of a command.
type Outcome struct {
	Step   uuid.UUID `json:"step"` // what it was for: the id of an aggregate
	Result Result    `json:"result"`
	Rule   string    `json:"rule"` // that refused it, else ""
}

// Result is what a command came to.
type Result string

// The results. There is none for "unknown": it is asked again until there is one.
const (
	Accepted Result = "accepted"
	Refused  Result = "refused"
	NoOp     Result = "no_op" // what it asked for held already (TKT-02)
)

// State is where a manager is. The zero value is one that never ran.
type State struct {
	Manager  string
	Part     int
	LiveFrom int64
	Number   int64
	EventID  uuid.UUID
	Epoch    int64
	Tasks    []Task // that are not complete, in the order of their events
	Events   int    // of the part
	Over     bool   // the part was continued
}

// Full reports whether the next part is to be begun.
func (s State) Full() bool { return s.Events >= RollAt }

// Task returns the open task of an event; false if there is none.
func (s State) Task(event uuid.UUID) (Task, bool) {
	if i := s.place(event); i >= 0 {
		return s.Tasks[i], true
	}
	return Task{}, false
}

func (s State) place(event uuid.UUID) int {
	return slices.IndexFunc(s.Tasks, func(t Task) bool { return t.Input.EventID == event })
}

// Next returns the Open that begins the part after a full one.
func (s State) Next(at domain.Instant) Open {
	return Open{Opened{
		At: at, Manager: s.Manager, Part: s.Part + 1, LiveFrom: s.LiveFrom, Number: s.Number, EventID: s.EventID, Epoch: s.Epoch, Open: s.Tasks,
	}}
}

// Command asks for something to be kept.
//
//sumtype:decl
type Command interface{ command() }

// Open begins a part; one that is there already stays as it is.
type Open struct {
	Opened Opened `json:"opened"`
}

// Claim takes the manager over from the epoch that was seen.
type Claim struct {
	At    domain.Instant `json:"at"`
	Epoch int64          `json:"epoch"` // the new one
}

// Notice takes an event in.
type Notice struct {
	Epoch   int64   `json:"epoch"`
	Noticed Noticed `json:"noticed"`
}

// Begin starts to act on a task.
type Begin struct {
	Epoch int64 `json:"epoch"`
	Begun Begun `json:"begun"`
}

// Record keeps outcomes.
type Record struct {
	Epoch    int64    `json:"epoch"`
	Recorded Recorded `json:"recorded"`
}

// Continue ends a part.
type Continue struct {
	Epoch int64          `json:"epoch"`
	At    domain.Instant `json:"at"`
}

func (Open) command()     {}
func (Claim) command()    {}
func (Notice) command()   {}
func (Begin) command()    {}
func (Record) command()   {}
func (Continue) command() {}

// Decide returns what c comes to in state s; nothing if it is kept already.
// ErrFenced if somebody else runs the manager.
func Decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(Open); ok {
		if s.Part > 0 {
			return nil, nil
		}
		return []Event{c.Opened}, nil
	}
	if c, ok := c.(Claim); ok {
		if s.Over || c.Epoch != s.Epoch+1 {
			return nil, ErrFenced
		}
		return []Event{Claimed(c)}, nil
	}
	return decide(s, c)
}

// decide is for who runs the manager.
func decide(s State, c Command) ([]Event, error) {
	switch c := any(c).(type) {
	case Notice:
		if s.fences(c.Epoch) {
			return nil, ErrFenced
		}
		if c.Noticed.Input.Number <= s.Number { // it was taken in
			return nil, nil
		}
		return []Event{c.Noticed}, nil
	case Begin:
		if s.fences(c.Epoch) {
			return nil, ErrFenced
		}
		if t, open := s.Task(c.Begun.Input); !open || t.AsOf > 0 {
			return nil, nil
		}
		return []Event{c.Begun}, nil
	case Record:
		if s.fences(c.Epoch) {
			return nil, ErrFenced
		}
		if t, open := s.Task(c.Recorded.Input); !open || t.Done != c.Recorded.From { // recorded once
			return nil, nil
		}
		return []Event{c.Recorded}, nil
	case Continue:
		if s.fences(c.Epoch) {
			return nil, ErrFenced
		}
		return []Event{Continued{At: c.At, Part: s.Part + 1}}, nil
	}
	return nil, fmt.Errorf("process: unknown command %T", c)
}

func (s State) fences(epoch int64) bool { return s.Over || s.Epoch != epoch }

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	s.Events++
	switch e := e.(type) {
	case Opened:
		return State{
			Manager: e.Manager, Part: e.Part, LiveFrom: e.LiveFrom, Number: e.Number, EventID: e.EventID, Epoch: e.Epoch, Tasks: e.Open, Events: 1,
		}
	case Claimed:
		s.Epoch = e.Epoch
	case Noticed:
		s.Number, s.EventID = e.Input.Number, e.Input.EventID
		s.Tasks = append(slices.Clip(s.Tasks), Task{Input: e.Input, ActAt: e.ActAt})
	case Begun:
		s = s.changed(e.Input, func(t *Task) { t.AsOf = e.AsOf })
	case Recorded:
		s = s.recorded(e)
	case Continued:
		s.Over = true
	}
	return s
}

func (s State) changed(event uuid.UUID, f func(*Task)) State {
	if i := s.place(event); i >= 0 {
		s.Tasks = slices.Clone(s.Tasks)
		f(&s.Tasks[i])
	}
	return s
}

func (s State) recorded(e Recorded) State {
	if e.Complete {
		s.Tasks = slices.DeleteFunc(slices.Clone(s.Tasks), func(t Task) bool { return t.Input.EventID == e.Input })
		return s
	}
	return s.changed(e.Input, func(t *Task) {
		if t.Done += len(e.Outcomes); len(e.Outcomes) > 0 {
			t.Last = e.Outcomes[len(e.Outcomes)-1].Step
		}
	})
}
