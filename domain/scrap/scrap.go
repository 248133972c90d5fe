// Package scrap decides about a request to scrap a tool: whose signatures its
// original price needs at the site, whether the tool then ended, and what its
// disposal brought.
//
// It is pure: no clock, no I/O. The tool's own stream ends the tool; a process
// manager tells it to once every signature is there, and tells this one what
// came of it. Nobody signs a request of one's own. The rules are STK-08 and
// STK-12 in docs/rules.md.
package scrap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Cause says why a tool is to be scrapped.
type Cause string

// The causes.
const (
	Expired  Cause = "expired"  // past its life
	WornOut  Cause = "worn_out" // naturally
	Damaged  Cause = "damaged"
	Obsolete Cause = "obsolete"
)

func (c Cause) known() bool {
	return c == Expired || c == WornOut || c == Damaged || c == Obsolete
}

// Event is what happened to a request.
//
//sumtype:decl
type Event interface{ event() }

// Requested asks for the end of a tool (报废申请单). Type scrap.requested.v1.
type Requested struct {
	At       domain.Instant   `json:"at"`
	Site     string           `json:"site"`      // code; its policies are decided by (POL-06)
	Tool     string           `json:"tool"`      // its id
	Number   string           `json:"number"`    // of the tool
	PriceFen int64            `json:"price_fen"` // its original price
	Cause    Cause            `json:"cause"`
	Reason   string           `json:"reason"` // no personal data
	By       string           `json:"by"`     // person id of who fills in the note
	Needs    []string         `json:"needs"`  // roles whose signature it needs, in order
	Policy   domain.PolicyRef `json:"policy"` // of purchasing, in force then
}

// Approved is the signature of one person. Type scrap.approved.v1.
type Approved struct {
	At       domain.Instant     `json:"at"`
	Signed   approval.Signature `json:"signed"`
	Complete bool               `json:"complete"` // the tool is to end
}

// Rejected ends a request: the tool stays. Type scrap.rejected.v1.
type Rejected struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
}

// CarriedOut says that the tool ended. Type scrap.carried_out.v1.
type CarriedOut struct {
	At domain.Instant `json:"at"`
}

// Failed says that the tool did not end by this request, as it stands, and that
// the request needs its last signature again. Type scrap.failed.v1.
type Failed struct {
	At       domain.Instant `json:"at"`
	Standing tool.Standing  `json:"standing"` // of the tool
}

// Disposed says what became of the scrapped tool (STK-08). Type scrap.disposed.v1.
type Disposed struct {
	At          domain.Instant `json:"at"`
	How         string         `json:"how"`          // no personal data
	ProceedsFen int64          `json:"proceeds_fen"` // 0 for none
	By          string         `json:"by"`           // person id
}

func (Requested) event()  {}
func (Approved) event()   {}
func (Rejected) event()   {}
func (CarriedOut) event() {}
func (Failed) event()     {}
func (Disposed) event()   {}

// Standing is where a request stands. The empty one means that there is none.
type Standing string

// The standings.
const (
	StandingRequested  Standing = "requested"
	StandingApproved   Standing = "approved" // the tool is about to end
	StandingCarriedOut Standing = "carried_out"
	StandingDisposed   Standing = "disposed"
	StandingRejected   Standing = "rejected"
)

// State is a request. The zero value is none.
type State struct {
	Standing Standing
	Asked    Requested
	Signed   []approval.Signature
	Disposal Disposed // At zero for none
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Requested:
		return State{Standing: StandingRequested, Asked: e}
	case Approved:
		s.Signed = append(slices.Clip(s.Signed), e.Signed)
		if e.Complete {
			s.Standing = StandingApproved
		}
	case Rejected:
		s.Standing = StandingRejected
	case CarriedOut:
		s.Standing = StandingCarriedOut
	case Failed:
		s.Standing, s.Signed = StandingRequested, slices.Clip(s.Signed[:max(len(s.Signed)-1, 0)])
	case Disposed:
		s.Standing, s.Disposal = StandingDisposed, e
	}
	return s
}

// Command asks for something to happen to a request. Book holds the policy
// versions to decide by and is no part of the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Request asks for the end of a tool that is in store.
type Request struct {
	At       domain.Instant `json:"at"`
	Site     string         `json:"site"`
	Tool     string         `json:"tool"`
	Number   string         `json:"number"`
	PriceFen int64          `json:"price_fen"`
	Cause    Cause          `json:"cause"`
	Reason   string         `json:"reason"`
	By       string         `json:"by"` // person id
	Book     *policy.Book   `json:"-"`
}

// Approve is the actor's signature.
type Approve struct {
	At domain.Instant  `json:"at"`
	By approval.Signer `json:"by"`
	// Standing is that of the tool: the last signature is for one in store.
	Standing tool.Standing `json:"standing"`
}

// Reject ends a request.
type Reject struct {
	At     domain.Instant  `json:"at"`
	By     approval.Signer `json:"by"`
	Reason string          `json:"reason"`
}

// Settle says how the tool stands after it was told to end.
type Settle struct {
	At       domain.Instant `json:"at"`
	Standing tool.Standing  `json:"standing"`
	Ended    bool           `json:"ended"` // by this request
}

// Dispose says what became of the scrapped tool.
type Dispose struct {
	At          domain.Instant `json:"at"`
	How         string         `json:"how"`
	ProceedsFen int64          `json:"proceeds_fen"`
	By          string         `json:"by"`
}

func (Request) command() {}
func (Approve) command() {}
func (Reject) command()  {}
func (Settle) command()  {}
func (Dispose) command() {}

// Decide returns the events that c causes in state s, in order. No events and
// no error means that what c asks for holds already (TKT-02). A
// *domain.RuleError means that a rule refused c, a *domain.InvalidError that a
// field of c is not acceptable in itself.
func Decide(s State, c Command) ([]Event, error) {
	if r, ok := c.(Request); ok {
		return request(s, r)
	}
	if s.Standing == "" {
		return nil, domain.Refuse("STK-08", "scrap.unknown")
	}
	switch c := any(c).(type) { // Request was decided before
	case Approve:
		return approve(s, c)
	case Reject:
		return reject(s, c)
	case Settle:
		return settle(s, c)
	case Dispose:
		return dispose(s, c)
	}
	return nil, fmt.Errorf("scrap: unknown command %T", c)
}

func request(s State, c Request) ([]Event, error) {
	switch {
	case s.Standing != "":
		return nil, domain.Refuse("STK-08", "scrap.exists")
	case !c.Cause.known():
		return nil, domain.Invalid("/cause", "STK-12", "scrap.cause_unknown", "cause", string(c.Cause))
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-08", "demand.reason_missing")
	case c.By == "":
		return nil, domain.Refuse("STK-08", "approval.person_missing")
	}
	p, ref, err := c.Book.PurchasingAt(c.Site, c.At)
	if err != nil {
		return nil, err
	}
	route, found := policy.RouteOf(p.Scrap, policy.ToolVariant, false, c.PriceFen) // STK-08: by the original price
	switch {
	case !found:
		return nil, domain.Refuse("POL-08", "purchasing.route_missing", "what", "scrap", "variant", string(policy.ToolVariant))
	case len(route.Causes) > 0 && !slices.Contains(route.Causes, string(c.Cause)): // STK-12
		return nil, domain.Refuse("STK-12", "scrap.cause_forbidden", "cause", string(c.Cause))
	}
	return []Event{Requested{
		At: c.At, Site: c.Site, Tool: c.Tool, Number: c.Number, PriceFen: c.PriceFen, Cause: c.Cause, Reason: c.Reason, By: c.By,
		Needs: slices.Concat(route.Checks, route.Approvals), Policy: ref,
	}}, nil
}

func approve(s State, c Approve) ([]Event, error) {
	if s.Standing != StandingRequested {
		return nil, domain.Refuse("STK-08", "scrap.not_open", "standing", string(s.Standing))
	}
	role, _, err := approval.Next("STK-08", s.Asked.Needs, s.Signed, c.By, s.Asked.By)
	if err != nil {
		return nil, err
	}
	complete := len(s.Signed)+1 == len(s.Asked.Needs)
	if complete && c.Standing != tool.StandingInStore {
		return nil, domain.Refuse("STK-08", "scrap.not_in_store", "standing", string(c.Standing))
	}
	return []Event{Approved{At: c.At, Signed: approval.Signature{Role: role, By: c.By.Person}, Complete: complete}}, nil
}

func reject(s State, c Reject) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-08", "demand.reason_missing")
	case s.Standing == StandingRejected: // TKT-02
		return nil, nil
	case s.Standing != StandingRequested:
		return nil, domain.Refuse("STK-08", "scrap.not_open", "standing", string(s.Standing))
	case c.By.Person == "":
		return nil, domain.Refuse("STK-08", "approval.person_missing")
	}
	if err := approval.Concerned("STK-08", s.Asked.Needs, c.By, s.Asked.By); err != nil {
		return nil, err
	}
	return []Event{Rejected{At: c.At, By: c.By.Person, Reason: c.Reason}}, nil
}

func settle(s State, c Settle) ([]Event, error) {
	switch {
	case s.Standing != StandingApproved: // TKT-02
		return nil, nil
	case c.Ended: // by another request it is that one's to dispose of, once (STK-08)
		return []Event{CarriedOut{At: c.At}}, nil
	}
	return []Event{Failed{At: c.At, Standing: c.Standing}}, nil
}

func dispose(s State, c Dispose) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.How) == "":
		return nil, domain.Invalid("/how", "STK-08", "scrap.how_missing")
	case c.ProceedsFen < 0:
		return nil, domain.Invalid("/proceeds_fen", "STK-08", "stock.price_negative")
	case c.By == "":
		return nil, domain.Refuse("STK-08", "approval.person_missing")
	case s.Standing != StandingCarriedOut:
		return nil, domain.Refuse("STK-08", "scrap.not_carried_out", "standing", string(s.Standing))
	}
	return []Event{Disposed(c)}, nil
}
