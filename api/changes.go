package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	defaultHeartbeat  = 15 * time.Second
	defaultWriteLimit = 10 * time.Second // for a reader to take what is written
	sinceLimit        = 5 * time.Second  // for the read model to answer
	mostTickets       = 1000             // in one event
	feeds             = 1000             // at once
)

// StreamChanges answers the changes of tickets that the caller may list, as
// server-sent events, until somebody ends them.
func (s *Server) StreamChanges(ctx context.Context, in StreamChangesRequestObject) (StreamChangesResponseObject, error) {
	sites, err := s.scope(ctx, in.Params.Site)
	if err != nil {
		return nil, err
	}
	f := &feed{s: s, x: exchangeOf(ctx), sites: sites, site: or(in.Params.Site)}
	if in.Params.LastEventID != nil {
		f.seen = *in.Params.LastEventID
		return f, nil
	}
	now, err := s.Changes.Since(ctx, []string{}, 0, 0)
	f.seen = now.Number
	return f, err
}

// feed is one open answer of StreamChanges. It buffers nothing: what a slow
// reader has not taken is read again from the log when it goes on or comes back.
type feed struct {
	s     *Server
	x     *exchange
	sites []string // nil means all
	site  string   // the one that was asked for, or ""
	seen  int64    // log number that the reader knows of
	w     http.ResponseWriter
	ctl   *http.ResponseController
}

// changed is the data of an event.
type changed struct {
	Number  int64       `json:"number"`
	Tickets []uuid.UUID `json:"tickets"`
}

// VisitStreamChangesResponse writes events until the reader leaves or is too
// slow, the token is no longer good, or the server stops.
func (f *feed) VisitStreamChangesResponse(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform") // never compressed: an event must not wait in a buffer
	h.Set("X-Accel-Buffering", "no")
	if f.x.headOnly {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	if f.s.feeds.Add(1) > feeds {
		f.s.feeds.Add(-1)
		return &problem{kind: kindUnavailable, key: "problem.busy"}
	}
	defer f.s.feeds.Add(-1)
	f.w, f.ctl = w, http.NewResponseController(w)
	if err := f.ctl.SetReadDeadline(time.Time{}); err != nil { // that of the server would end the request
		return fmt.Errorf("open feed: %w", err)
	}
	w.WriteHeader(http.StatusOK)
	if err := f.run(f.x.whole); err != nil {
		f.s.Log.InfoContext(f.x.whole, "feed ended", "person", f.x.actor.Person, "number", f.seen, "error", err)
	}
	return nil
}

func (f *feed) run(ctx context.Context) error {
	beat := time.NewTicker(f.s.Heartbeat)
	defer beat.Stop()
	if err := f.beat(); err != nil { // opens the line at once
		return err
	}
	for {
		next := f.s.Changes.Changed()
		if err := f.tell(ctx); err != nil {
			return err
		}
		select {
		case <-next:
		case <-beat.C:
			if err := f.recheck(ctx); err != nil {
				return err
			}
			if err := f.beat(); err != nil {
				return err
			}
		case <-f.s.Stopping:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// tell writes what changed since the last time.
func (f *feed) tell(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sinceLimit)
	defer cancel()
	c, err := f.s.Changes.Since(ctx, f.sites, f.seen, mostTickets)
	if err != nil {
		return err
	}
	f.seen = c.Number
	switch {
	case c.TooMany:
		return f.event("reset", changed{c.Number, []uuid.UUID{}})
	case len(c.Tickets) > 0:
		return f.event("", changed{c.Number, c.Tickets})
	}
	return nil
}

func (f *feed) event(name string, data changed) error {
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	text := fmt.Sprintf("id: %d\ndata: %s\n\n", data.Number, b)
	if name != "" {
		text = "event: " + name + "\n" + text
	}
	return f.write(text)
}

// beat writes a comment, and how far the reader need not look back.
func (f *feed) beat() error { return f.write(fmt.Sprintf(": alive\nid: %d\n\n", f.seen)) }

// recheck sees whether the caller may still listen.
func (f *feed) recheck(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sinceLimit)
	defer cancel()
	actor, sites, err := f.s.Authenticator.Authenticate(ctx, f.x.token)
	if err != nil {
		return fmt.Errorf("check token again: %w", err)
	}
	if _, ok := f.s.Authorizer.Authorize(actor, sites, f.x.op.ID, f.site); !ok {
		return &problem{kind: kindForbidden, key: "problem.forbidden"}
	}
	return nil
}

// write writes at once, and gives up on a reader that does not take it: the
// deadline is set into the past when the time is up, so that no clock is asked.
func (f *feed) write(text string) error {
	if err := f.ctl.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	late := time.AfterFunc(f.s.WriteLimit, func() { _ = f.ctl.SetWriteDeadline(time.Unix(1, 0)) })
	defer late.Stop()
	if _, err := f.w.Write([]byte(text)); err != nil { //nolint:gosec // numbers and ids of ours, and no HTML
		return fmt.Errorf("write event: %w", err)
	}
	if err := f.ctl.Flush(); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}
