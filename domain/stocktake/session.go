package stocktake

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// SessionEvent is what happened in one scanner's stream.
//
//sumtype:decl
type SessionEvent interface{ sessionEvent() }

// Condition is how a tool was found.
type Condition string

// The conditions.
const (
	Sound  Condition = "sound"
	Broken Condition = "damaged"
)

// Scan is one look at one tool.
type Scan struct {
	At        domain.Instant `json:"at"`
	Number    string         `json:"number"`    // on its label
	Condition Condition      `json:"condition"` // as it was found
	Place     string         `json:"place"`     // where it was seen, "" for not told; no personal data
}

// Scanned is what one scanner found, many at once. Type stocktake.scanned.v1.
type Scanned struct {
	Stocktake uuid.UUID `json:"stocktake"` // id of the count
	Scanner   string    `json:"scanner"`   // person id
	Part      int       `json:"part"`      // of this scanner, from 1
	Round     int       `json:"round"`     // of the count, from 1
	Scans     []Scan    `json:"scans"`     // at most 500
}

// SessionClosed ends a scanner's stream: nothing is scanned into it any more.
// Type stocktake.session_closed.v1.
type SessionClosed struct {
	At        domain.Instant `json:"at"`
	Stocktake uuid.UUID      `json:"stocktake"` // id of the count
}

func (Scanned) sessionEvent()       {}
func (SessionClosed) sessionEvent() {}

// SessionCommand asks for something to happen in one scanner's stream.
//
//sumtype:decl
type SessionCommand interface{ sessionCommand() }

// ScanTools adds what a scanner found.
type ScanTools struct {
	Stocktake uuid.UUID `json:"stocktake"`
	Scanner   string    `json:"scanner"`
	Part      int       `json:"part"`
	Round     int       `json:"round"`
	Scans     []Scan    `json:"-"`
}

// CloseSession ends the stream.
type CloseSession struct {
	At        domain.Instant `json:"at"`
	Stocktake uuid.UUID      `json:"stocktake"`
}

func (ScanTools) sessionCommand()    {}
func (CloseSession) sessionCommand() {}

// SessionState is one scanner's stream. The zero value is empty.
type SessionState struct {
	Events int
	Closed bool
	Scans  []Counting
}

// Full reports whether the scanner needs a further part.
func (s SessionState) Full() bool { return s.Events >= SessionLimit }

// DecideSession is Decide for a scanner's stream.
func DecideSession(s SessionState, c SessionCommand) ([]SessionEvent, error) {
	switch c := c.(type) {
	case ScanTools:
		return scan(s, c)
	case CloseSession:
		if s.Closed { // TKT-02
			return nil, nil
		}
		return []SessionEvent{SessionClosed(c)}, nil
	}
	return nil, fmt.Errorf("stocktake: unknown session command %T", c)
}

func scan(s SessionState, c ScanTools) ([]SessionEvent, error) {
	switch {
	case s.Closed: // CHK-01: what comes now is not counted, and says so
		return nil, domain.Refuse("CHK-01", "stock.session_closed")
	case s.Full():
		return nil, domain.Refuse("CHK-01", "stock.session_full")
	case len(c.Scans) == 0 || len(c.Scans) > ListLimit:
		return nil, domain.Invalid("/scans", "CHK-01", "stock.scans_wrong", "most", ListLimit)
	}
	for i, n := range c.Scans {
		at := fmt.Sprintf("/scans/%d", i)
		switch {
		case n.Number == "":
			return nil, domain.Invalid(at+"/number", "CHK-01", "tool.number_missing")
		case n.Condition != Sound && n.Condition != Broken:
			return nil, domain.Invalid(at+"/condition", "CHK-01", "stock.condition_unknown", "condition", string(n.Condition))
		}
	}
	return []SessionEvent{Scanned(c)}, nil
}

// EvolveSession is Evolve for a scanner's stream.
func EvolveSession(s SessionState, e SessionEvent) SessionState {
	s.Events++
	switch e := e.(type) {
	case Scanned:
		s.Scans = slices.Clip(s.Scans)
		for _, n := range e.Scans {
			s.Scans = append(s.Scans, Counting{Scan: n, Scanner: e.Scanner, Round: e.Round})
		}
	case SessionClosed:
		s.Closed = true
	}
	return s
}
