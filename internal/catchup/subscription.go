package catchup

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/fieldledger/fieldledger/eventschemas"
)

var (
	errNacked  = errors.New("page was refused")
	errClosing = errors.New("reader is closing")
)

// header is the payload of a page's message; the page itself travels in the
// message's context, see eventschemas.PageFrom.
type header struct {
	From  int64 `json:"from"`
	To    int64 `json:"to"`
	Count int   `json:"count"`
}

type subscription struct {
	*Reader
	out     chan *message.Message
	values  context.Context //nolint:containedctx // only the values of Subscribe's, for the messages
	backoff backoff
}

// run reads until it is closed or the log turns out to be another one. Each
// try begins at the checkpoint.
func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	for ctx.Err() == nil {
		err := s.session(ctx)
		s.note(func(st *Status) { st.Connected, st.CaughtUp = false, false })
		if ctx.Err() != nil {
			return
		}
		s.note(func(st *Status) { st.LastError = err.Error() })
		if _, ok := errors.AsType[*DifferentLogError](err); ok {
			s.mu.Lock()
			s.fatal = err
			s.mu.Unlock()
			s.o.Logger.Error("reading the log ends", "error", err)
			return
		}
		s.o.Logger.Warn("reading the log begins again", "error", err)
		s.backoff.wait(ctx)
	}
}

func (s *subscription) session(ctx context.Context) error {
	from, err := s.o.Start(ctx)
	if err != nil {
		return err
	}
	if err := s.check(ctx, from); err != nil {
		return err
	}
	s.note(func(st *Status) { st.Connected, st.Delivered, st.Poison = true, from.Number, nil })
	return s.read(ctx, from, 0, func(d delivery) error {
		if len(d.page.Events) > 0 || d.page.CaughtUp {
			if err := s.deliver(ctx, eventschemas.WithPage(s.values, d.page), d.page); err != nil {
				return err
			}
		}
		if d.poison == nil {
			return nil
		}
		s.note(func(st *Status) { st.Poison = d.poison })
		page := eventschemas.Page{Previous: d.page.Previous}
		if n := len(d.page.Events); n > 0 {
			page.Previous.Number = d.page.Events[n-1].Number
		}
		if err := s.deliver(ctx, eventschemas.WithPoison(s.values, d.poison), page); err != nil {
			return err
		}
		<-ctx.Done() // everybody has halted: nothing is to be read until the cause is repaired
		return errClosing
	})
}

// deliver hands out one message and waits for its Ack.
func (s *subscription) deliver(ctx, carried context.Context, page eventschemas.Page) error {
	carried, cancel := context.WithCancel(carried)
	defer cancel()
	msg := newMessage(page)
	msg.SetContext(carried)
	select {
	case s.out <- msg:
	case <-ctx.Done():
		return errClosing
	}
	select {
	case <-msg.Acked():
	case <-msg.Nacked():
		return errNacked
	case <-ctx.Done():
		drain(msg, s.o.DrainWithin)
		return errClosing
	}
	s.backoff.reset()
	s.note(func(st *Status) {
		st.LastError, st.CaughtUp = "", page.CaughtUp
		if n := len(page.Events); n > 0 {
			st.Delivered = page.Events[n-1].Number
		}
	})
	return nil
}

func newMessage(page eventschemas.Page) *message.Message {
	h := header{From: page.Previous.Number + 1, To: page.Previous.Number + int64(len(page.Events)), Count: len(page.Events)}
	payload, _ := json.Marshal(h) // three integers always encode
	return message.NewMessage(watermill.NewUUID(), payload)
}
