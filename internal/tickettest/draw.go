package tickettest

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// Walk is a random walk through what may be asked of a ticket.
type Walk struct {
	*Stream
	Now  time.Time
	Last ticket.Command // what was asked last, nil for a strike
	Err  error          // what it was answered
	// NoStrikes and NoLate leave out strikes, and facts that are entered late.
	NoStrikes, NoLate bool
}

// NewWalk registers a ticket at "desk" at a random time.
func NewWalk(t *rapid.T) *Walk {
	w := &Walk{Stream: &Stream{Book: RandomBook()}, Now: Start}
	w.later(t, 9*24*60)
	w.ask(ticket.Register{
		At: domain.At(w.Now), Site: "desk", Zone: "Asia/Shanghai", Number: "T-1", Channel: ticket.Phone, Kind: "fault",
		Level: drawLevel(t), ServiceZone: rapid.SampledFrom([]string{"", "town", "suburb"}).Draw(t, "zone"), Book: w.Book,
	})
	if w.Err != nil {
		t.Fatalf("register: %v", w.Err)
	}
	return w
}

// Step asks for something, or strikes a fact.
func (w *Walk) Step(t *rapid.T) {
	w.later(t, 36*60)
	if rapid.IntRange(0, 14).Draw(t, "strike") == 0 && len(w.Events) > 1 && !w.NoStrikes {
		w.Last = nil
		w.Err = w.Strike(rapid.Uint64Range(1, uint64(len(w.Events)-1)).Draw(t, "revision")) //nolint:gosec // a place in a list
		return
	}
	w.ask(w.draw(t))
}

// Refused reports whether err is a refusal, as every answer that is not given must be.
func Refused(err error) bool {
	_, rule := errors.AsType[*domain.RuleError](err)
	_, invalid := errors.AsType[*domain.InvalidError](err)
	return rule || invalid
}

func (w *Walk) ask(c ticket.Command) {
	w.Last = c
	_, w.Err = w.Do(c)
}

func (w *Walk) later(t *rapid.T, minutes int) {
	w.Now = w.Now.Add(time.Duration(rapid.IntRange(0, minutes).Draw(t, "later")) * time.Minute)
}

// earlier draws an instant since the call.
func (w *Walk) earlier(t *rapid.T) domain.Instant {
	if w.NoLate {
		return domain.At(w.Now)
	}
	since := int(w.Now.Sub(w.State.OpenedAt) / time.Minute)
	return domain.At(w.Now.Add(-time.Duration(rapid.IntRange(0, max(0, since)).Draw(t, "earlier")) * time.Minute))
}

func drawLevel(t *rapid.T) ticket.Level { return ticket.Level(rapid.IntRange(1, 4).Draw(t, "level")) }

func drawClocks(t *rapid.T) []ticket.TargetName {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(ticket.TargetNames()), 0, 3, rapid.ID[ticket.TargetName]).Draw(t, "clocks")
}

func drawReason(t *rapid.T) ticket.PauseReason {
	return rapid.SampledFrom([]ticket.PauseReason{
		ticket.WaitingCustomer, ticket.WaitingParts, ticket.WaitingThirdParty, ticket.ForceMajeure,
	}).Draw(t, "reason")
}

// draw returns anything that may be asked of a ticket.
func (w *Walk) draw(t *rapid.T) ticket.Command {
	at, book := domain.At(w.Now), w.Book
	id := uuid.UUID{1: rapid.ByteRange(0, 2).Draw(t, "id")}
	switch rapid.IntRange(0, 30).Draw(t, "command") {
	case 0:
		return ticket.Accept{At: at, Book: book}
	case 1:
		return ticket.Assign{At: at, Team: id}
	case 2:
		return ticket.ChangeLevel{At: at, Level: drawLevel(t), Reason: "r", Book: book}
	case 3, 4:
		return ticket.Pause{At: at, Reason: drawReason(t), Clocks: drawClocks(t)}
	case 5, 6:
		return ticket.Resume{At: at, Clocks: drawClocks(t), Book: book}
	case 7:
		return ticket.FindVisitNeeded{At: at, Book: book}
	case 8:
		by := at.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "by")) * time.Minute)
		return ticket.AgreeArrival{At: at, ArrivalBy: domain.At(by), SetBy: ticket.SetByCustomer, Book: book}
	case 9:
		return ticket.Arrive{At: at, Book: book}
	case 10:
		return ticket.AddNote{At: at, Text: domain.Sealed{Ciphertext: []byte{1}}, ToCustomer: rapid.Bool().Draw(t, "to"), Book: book}
	case 11:
		return ticket.Resolve{At: at, Solution: "s", Book: book}
	case 12:
		return ticket.SignOff{At: at, Book: book}
	case 13:
		return ticket.Close{At: at, Book: book}
	case 14, 15:
		return ticket.Reopen{At: at, Reason: "r", Book: book}
	case 16:
		return w.drawEnd(t, at)
	case 17:
		return ticket.ChangeServiceZone{At: at, Zone: rapid.SampledFrom([]string{"town", "suburb"}).Draw(t, "zone"), Reason: "r", Book: book}
	case 18:
		return ticket.Retarget{At: at, Book: book}
	case 19:
		return ticket.Accept{At: w.earlier(t), LateReason: "late", Book: book}
	case 20:
		return ticket.Arrive{At: w.earlier(t), LateReason: "late", Book: book}
	case 21:
		return ticket.Resolve{At: w.earlier(t), LateReason: "late", Solution: "s", Book: book}
	case 22:
		return ticket.RecordPause{
			At: at, From: w.earlier(t), To: w.earlier(t), Reason: drawReason(t), Clocks: drawClocks(t), LateReason: "late", Book: book,
		}
	case 23:
		return ticket.Assign{At: w.earlier(t), LateReason: "late", Team: id, Book: book}
	case 24:
		return ticket.FindVisitNeeded{At: w.earlier(t), LateReason: "late", Book: book}
	case 25:
		when := w.earlier(t)
		by := when.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "by")) * time.Minute)
		return ticket.AgreeArrival{At: when, LateReason: "late", ArrivalBy: domain.At(by), SetBy: ticket.SetByBoth, Book: book}
	case 26:
		return ticket.AddNote{At: w.earlier(t), LateReason: "late", Text: domain.Sealed{Ciphertext: []byte{1}}, ToCustomer: true, Book: book}
	case 27:
		return ticket.ChangeClass{At: at, Class: rapid.SampledFrom([]ticket.Class{"A", "B", "C", "D"}).Draw(t, "class"), Reason: "r"}
	case 28:
		return ticket.RecordCharge{At: at, AmountFen: rapid.Int64Range(1, 50_000).Draw(t, "fen"), Work: ticket.WorkOnSite, Reason: "r"}
	case 29:
		if rapid.Bool().Draw(t, "follows") {
			return ticket.Follow{At: at, Person: uuid.UUID{2: id[1] + 1}}
		}
		return ticket.Unfollow{At: at, Person: uuid.UUID{2: id[1] + 1}}
	default:
		percent := rapid.SampledFrom([]int{75, 100, 150}).Draw(t, "percent")
		return ticket.EscalateIfDue{At: at, Target: rapid.SampledFrom(ticket.TargetNames()).Draw(t, "target"), Percent: percent, Book: book}
	}
}

// drawEnd returns a way to drop the ticket; seldom for good.
func (w *Walk) drawEnd(t *rapid.T, at domain.Instant) ticket.Command {
	switch rapid.IntRange(0, 5).Draw(t, "end") {
	case 0:
		return ticket.Merge{At: at, Into: uuid.UUID{9}, Book: w.Book}
	case 1, 2:
		return ticket.Withdraw{At: at, Reason: "r", Book: w.Book}
	default:
		return ticket.Reject{At: at, Reason: "r", Book: w.Book}
	}
}
