package stocktake

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Event is what happened to a stocktake. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// ScopeKind says what is counted.
type ScopeKind string

// The kinds of scopes.
const (
	OfStore ScopeKind = "store" // Who is a store's code
	OfTeam  ScopeKind = "team"  // Who is a team id
	OfSite  ScopeKind = "site"  // all tools of the site; Who is ""
)

// Scope is whose tools are counted.
type Scope struct {
	Kind ScopeKind `json:"kind"` // what is counted
	Who  string    `json:"who"`  // by Kind
}

// Covers reports whether a tool of a custodian belongs to the scope: of the
// site everything that is somebody's.
func (s Scope) Covers(h tool.Holder) bool {
	switch s.Kind {
	case OfStore:
		return h == tool.Holder{Kind: tool.Store, Who: s.Who}
	case OfTeam:
		return h == tool.Holder{Kind: tool.Team, Who: s.Who}
	case OfSite:
		return h.Kind != tool.Nobody && h.Kind != ""
	}
	return false
}

// Started freezes what is to be there (CHK-01). Type stocktake.started.v1.
type Started struct {
	At       domain.Instant   `json:"at"`
	Site     string           `json:"site"`     // code
	Scope    Scope            `json:"scope"`    // whose tools are counted
	AsOf     int64            `json:"as_of"`    // log number as of which the list is frozen
	Expected int              `json:"expected"` // how many tools the list has
	By       string           `json:"by"`       // person id of who begins it
	NextBy   domain.Day       `json:"next_by"`  // until when the scope is to be counted again
	Policy   domain.PolicyRef `json:"policy"`   // of keeping, in force then
}

// Expected is a tool that is to be there.
type Expected struct {
	Tool   uuid.UUID   `json:"tool"`   // id
	Number string      `json:"number"` // marked on the tool
	Holder tool.Holder `json:"holder"` // who has it as of the frozen number
}

// Listed is a part of the frozen list, in order of numbers. Type stocktake.listed.v1.
type Listed struct {
	At    domain.Instant `json:"at"`
	Part  int            `json:"part"`  // from 0
	Tools []Expected     `json:"tools"` // at most 500
}

// Joined lets a person scan into a stream of its own. Type stocktake.joined.v1.
type Joined struct {
	At      domain.Instant `json:"at"`
	Scanner string         `json:"scanner"` // person id
	Part    int            `json:"part"`    // of this scanner, from 1
	Round   int            `json:"round"`   // of the count, from 1
}

// CountingEnded ends the scanning of a round. Type stocktake.counting_ended.v1.
type CountingEnded struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"` // person id
}

// Session names what one scanner scanned, up to its end.
type Session struct {
	Scanner string `json:"scanner"` // person id
	Part    int    `json:"part"`    // of the scanner, from 1
	Round   int    `json:"round"`   // of the count, from 1
	Scans   int    `json:"scans"`   // how many
}

// Counted is the result of a round (CHK-01). Type stocktake.counted.v1.
type Counted struct {
	At         domain.Instant `json:"at"`
	Round      int            `json:"round"`      // of the count, from 1
	AsOf       int64          `json:"as_of"`      // log number as of which custody was compared
	Sessions   []Session      `json:"sessions"`   // all that count
	Found      int            `json:"found"`      // there, and sound
	Missing    int            `json:"missing"`    // not there
	Unexpected int            `json:"unexpected"` // there, and somebody else's
	Damaged    int            `json:"damaged"`    // there, and not sound
	Moved      int            `json:"moved"`      // moved by the ledger since the list was frozen: no difference
	Unknown    int            `json:"unknown"`    // numbers that no tool of the site has
	Twice      int            `json:"twice"`      // scanned by more than one person
	Items      int            `json:"items"`      // in the list of differences
	Digest     string         `json:"digest"`     // hex SHA-256 of the result and its list, which the signatures name
}

// DifferenceKind says how a tool differs.
type DifferenceKind string

// The kinds of differences.
const (
	Missing    DifferenceKind = "missing"    // opens a report that it is missing
	Unexpected DifferenceKind = "unexpected" // opens its return to the store
	Damaged    DifferenceKind = "damaged"    // opens a block
	Moved      DifferenceKind = "moved"      // by the ledger, during the count: nothing is to be corrected
	Unknown    DifferenceKind = "unknown"    // no tool of the site has the number: people have to look
)

// Corrects reports whether the difference opens a correction.
func (k DifferenceKind) Corrects() bool { return k == Missing || k == Unexpected || k == Damaged }

// Difference is a tool that is not as the list says.
type Difference struct {
	Kind     DifferenceKind `json:"kind"`     // how it differs
	Tool     uuid.UUID      `json:"tool"`     // id; the zero id of an unknown number
	Number   string         `json:"number"`   // as scanned or listed
	Holder   tool.Holder    `json:"holder"`   // by the ledger as of the result
	Home     string         `json:"home"`     // code of its store
	Revision int64          `json:"revision"` // of the tool's stream as of the result
	Scanner  string         `json:"scanner"`  // person id of who scanned it, "" for a missing one
	Place    string         `json:"place"`    // where it was scanned
	Broken   bool           `json:"broken"`   // it was scanned as damaged
	// BelongsTo are the codes of other sites that have a tool of an unknown
	// number, sorted; no more of it is told, for it is not this site's to know.
	BelongsTo []string `json:"belongs_to,omitempty"`
}

// Differed is a part of the list of differences, in order of numbers. Type stocktake.differed.v1.
type Differed struct {
	Round int          `json:"round"` // of the count, from 1
	Part  int          `json:"part"`  // from 0
	Items []Difference `json:"items"` // at most 500
}

// RecountOrdered opens scanning again for some numbers; what was scanned of
// them before counts no more. Type stocktake.recount_ordered.v1.
type RecountOrdered struct {
	At      domain.Instant `json:"at"`
	By      string         `json:"by"`      // person id
	Round   int            `json:"round"`   // that begins
	Numbers []string       `json:"numbers"` // sorted, each once
	Reason  string         `json:"reason"`  // no personal data
}

// Signer says as what somebody signs.
type Signer string

// The signers (CHK-01).
const (
	Storekeeper Signer = "storekeeper"
	Manager     Signer = "manager"
)

// Signed is one of the two signatures (CHK-01). Type stocktake.signed.v1.
type Signed struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	As     Signer         `json:"as"`     // in which duty
	Digest string         `json:"digest"` // of the result that is signed
}

// Closed follows the second signature: corrections open. Type stocktake.closed.v1.
type Closed struct {
	At     domain.Instant `json:"at"`
	Digest string         `json:"digest"` // of the result that holds
}

// Cancelled ends a stocktake without a result. Type stocktake.cancelled.v1.
type Cancelled struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
}

func (Started) event()        {}
func (Listed) event()         {}
func (Joined) event()         {}
func (CountingEnded) event()  {}
func (Counted) event()        {}
func (Differed) event()       {}
func (RecountOrdered) event() {}
func (Signed) event()         {}
func (Closed) event()         {}
func (Cancelled) event()      {}
