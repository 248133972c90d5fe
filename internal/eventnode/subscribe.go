package eventnode

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
)

// maxLive is how many new events a subscriber may find at once and still
// count as live; with more it has fallen behind, catches up, and is told so.
const maxLive = 32

// Subscriptions read the log itself, live or not, and are only woken by new
// events. So there is no queue that could overflow and no switch from stored
// to live events at which one could be lost or come twice, and a slow client
// costs no memory.

// wait blocks until there may be new events.
func (s *server) wait(call streams.Streams_ReadServer, wake <-chan struct{}) error {
	select {
	case <-wake:
		return nil
	case <-call.Context().Done():
		return call.Context().Err()
	case <-s.closing:
		return s.unavailable()
	case <-s.done:
		return s.unavailable()
	}
}

// allSubscription is one subscription to $all.
type allSubscription struct {
	*server
	messenger *messenger
	call      streams.Streams_ReadServer
	wanted    eventFilter
	window    window
	filtered  bool
	live      bool // has been caught up

	position   uint64 // everything up to here was considered
	number     uint64 // of the event there, or of the head at the start if that is not known
	sent       uint64 // position of the last event sent
	resume     resumePoint
	checkpoint uint64 // position of the last checkpoint
	anyPoint   bool   // a checkpoint was sent
	since      int    // considered events since a checkpoint was due
	page       allPage
	out        outbox
}

type allPage struct {
	start               uint64
	considered, matches int
}

func (a *allSubscription) run(o *streams.ReadReq_Options_AllOptions) error {
	head := a.head.Load()
	if err := a.start(o, head); err != nil {
		return err
	}
	if a.position < head.Position.Commit {
		if err := a.catchUp(head); err != nil {
			return err
		}
	} else {
		a.live = true
		if err := a.call.Send(caughtUpMessage(a.messenger.clock(), a.resume)); err != nil {
			return err
		}
	}
	return a.follow()
}

// start confirms the subscription and sets where it begins.
func (a *allSubscription) start(o *streams.ReadReq_Options_AllOptions, head *visibleHead) error {
	position := uint64(0)
	switch p := o.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		if position = p.Position.GetCommitPosition(); !validPosition(position, p.Position.GetPreparePosition()) {
			return errFault
		}
	case *streams.ReadReq_Options_AllOptions_End:
		position = math.MaxUint64
	}
	if err := a.call.Send(confirmationMessage(uuid.NewString())); err != nil {
		return err
	}
	if position == math.MaxUint64 {
		position = head.Position.Commit
	}
	if position > 0 && position < head.end {
		if found, err := a.isEvent(position); err != nil || !found {
			return badArgument("Trying to read from an invalid position.")
		}
	}
	a.position, a.number, a.page.start = position, head.Events, position
	a.resume = resumePoint{known: position > 0, at: position}
	return nil
}

// catchUp sends what is stored up to head, and says so.
func (a *allSubscription) catchUp(head *visibleHead) error {
	a.page = allPage{start: a.position}
	a.messenger.live = false
	for a.position < head.Position.Commit {
		if err := a.collect(head.Position.Commit, a.considerStored); err != nil {
			return err
		}
		if err := a.out.flush(a.call); err != nil {
			return err
		}
	}
	if a.filtered {
		at := max(a.sent, a.page.start)
		if a.live { // back from a gap
			at = a.position
		}
		a.addCheckpoint(at)
		a.since = 0
	}
	a.live = true
	a.out.add(caughtUpMessage(a.messenger.clock(), a.resume), 0)
	return a.out.flush(a.call)
}

// follow sends new events as they come.
func (a *allSubscription) follow() error {
	for {
		head, wake := a.watch()
		var err error
		switch behind := a.behind(head); {
		case behind > maxLive:
			err = a.catchUp(head)
		case behind > 0:
			a.messenger.live = true
			if err = a.collect(head.Position.Commit, a.considerLive); err == nil {
				err = a.out.flush(a.call)
			}
		default:
			err = a.wait(a.call, wake)
		}
		if err != nil {
			return err
		}
	}
}

// behind counts the events that were not considered yet.
func (a *allSubscription) behind(head *visibleHead) uint64 {
	if a.position >= head.Position.Commit {
		return 0
	}
	return head.Events - min(a.number, head.Events-1)
}

// collect considers events up to visible, until the outbox is full.
func (a *allSubscription) collect(visible uint64, consider func(record, bool)) error {
	leave, err := a.enter()
	if err != nil {
		return err
	}
	defer leave()
	const maxConsidered = 1 << 16 // so that a rare match does not hold the storage for long
	considered := 0
	return a.storage.scan(a.position+1, visible, func(e record) (bool, error) {
		match := !isInternal(e) && a.wanted(e)
		if match {
			m, err := a.messenger.message(e, visible)
			if err != nil {
				return false, err
			}
			a.out.add(m, len(e.data)+len(e.meta))
			a.sent, a.resume = e.position, resumePoint{known: true, at: e.position}
		}
		a.position, a.number = e.position, e.number
		consider(e, match)
		considered++
		return !a.out.full() && considered < maxConsidered, nil
	})
}

// considerStored counts pages, and adds a checkpoint after a page when one is due.
func (a *allSubscription) considerStored(e record, match bool) {
	a.page.considered++
	if match {
		a.page.matches++
	}
	if a.page.considered < a.window.considered && a.page.matches < pageMatches {
		return
	}
	a.since += a.page.considered
	if a.filtered && a.since >= a.window.checkpoint {
		a.since %= a.window.checkpoint
		a.addCheckpoint(max(a.sent, a.page.start))
	}
	a.page = allPage{start: e.position}
}

// considerLive adds a checkpoint when enough events have passed.
func (a *allSubscription) considerLive(e record, _ bool) {
	a.since++
	if a.filtered && a.since >= a.window.checkpoint {
		a.since = 0
		a.addCheckpoint(e.position)
	}
}

// addCheckpoint never repeats one and never goes back.
func (a *allSubscription) addCheckpoint(position uint64) {
	if a.anyPoint && position <= a.checkpoint {
		return
	}
	a.anyPoint, a.checkpoint = true, position
	a.out.add(checkpointMessage(position), 0)
}
