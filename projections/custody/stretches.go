package custody

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Span is a stretch of custody: from an instant until the next one begins.
type Span struct {
	From     domain.Instant `json:"from"`
	Holder   string         `json:"holder"` // as HolderText
	Revision uint64         `json:"revision"`
	// What is said of the change: of a hand-over, and of what is flagged (TOL-08).
	Flag       string     `json:"flag,omitempty"` // one of the Flags
	By         string     `json:"by,omitempty"`   // person id of who brought or reported it, or signed for it
	Reason     string     `json:"reason,omitempty"`
	ApprovedBy string     `json:"approved_by,omitempty"` // person id
	Approval   *uuid.UUID `json:"approval,omitempty"`
}

// At returns the span that holds at an instant; false before the tool was registered.
func (r Row) At(at time.Time) (Span, bool) {
	for _, s := range slices.Backward(r.Custody) {
		if !s.From.After(at) {
			return s, true
		}
	}
	return Span{}, false
}

// stretches are the spans for lists, by the tool's number: those that hold at
// any instant, as At has it. What is moved on at once holds at none.
func (r Row) stretches() []readmodel.Stretch {
	out := make([]readmodel.Stretch, 0, len(r.Custody))
	to := readmodel.Forever
	for _, s := range slices.Backward(r.Custody) {
		if s.From.Before(to) {
			out = append(out, readmodel.Stretch{From: s.From.Time, To: to, Holder: s.Holder, Order: r.Number})
			to = s.From.Time
		}
	}
	slices.Reverse(out)
	return out
}

// Result is what an inspection said.
type Result struct {
	At   domain.Instant `json:"at"`
	On   domain.Day     `json:"on"`
	Next domain.Day     `json:"next"` // last day on which the tool may be used; "" if it failed
}

// inspected returns r with a result more, in the order of their days.
func (r Row) inspected(e tool.Inspected) Row {
	x := Result{At: e.At, On: e.On}
	if e.Next != nil {
		x.Next = *e.Next
	}
	r.Results = append(slices.Clone(r.Results), x)
	slices.SortStableFunc(r.Results, func(a, b Result) int { return cmp.Compare(a.On, b.On) })
	return r
}

// inspectedOn is the day of the result that counts, "" if there is none.
func (r Row) inspectedOn() domain.Day {
	if len(r.Results) == 0 {
		return ""
	}
	return r.Results[len(r.Results)-1].On
}

// LastDay returns the last day on which the tool might be used as that stood
// at an instant; "" if no result said one.
func (r Row) LastDay(at time.Time) domain.Day {
	for _, x := range slices.Backward(r.Results) {
		if !x.At.After(at) {
			return x.Next
		}
	}
	return ""
}
