package stocktake

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Command asks for something to happen to a stocktake. At is the business
// time, UTC; long lists are no part of the recorded command, since the events
// hold them.
//
//sumtype:decl
type Command interface{ command() }

// Start begins a count of what is there as of a log number.
type Start struct {
	At       domain.Instant `json:"at"`
	Today    domain.Day     `json:"today"` // civil date of At in the site's zone
	Site     string         `json:"site"`
	Scope    Scope          `json:"scope"`
	AsOf     int64          `json:"as_of"`
	Expected int            `json:"expected"` // tools of the scope as of AsOf
	By       string         `json:"by"`
	Book     *policy.Book   `json:"-"`
}

// List adds the next part of the frozen list.
type List struct {
	At    domain.Instant `json:"at"`
	Part  int            `json:"part"`
	Tools []Expected     `json:"-"`
}

// Join opens the next session of a scanner.
type Join struct {
	At      domain.Instant `json:"at"`
	Scanner string         `json:"scanner"`
	Part    int            `json:"part"` // the one that is asked for
}

// EndCounting ends a round; nobody joins any more.
type EndCounting struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"`
}

// Count makes the result of a round from everything that was scanned.
type Count struct {
	At       domain.Instant `json:"at"`
	AsOf     int64          `json:"as_of"`
	Sessions []Session      `json:"-"` // every one that joined, closed
	Scans    []Counting     `json:"-"`
	Known    []Known        `json:"-"` // the tools in question as of AsOf
	// Elsewhere are the codes of other sites, sorted, that have a tool of a
	// number in question that this site does not know, as of AsOf.
	Elsewhere map[string][]string `json:"-"`
}

// Counting is a scan with who made it in which round.
type Counting struct {
	Scan
	Scanner string
	Round   int
}

// Known is a tool as the ledger has it.
type Known struct {
	Tool     uuid.UUID
	Number   string
	Holder   tool.Holder
	Home     string
	Revision int64 // of its stream
}

// Recount has some numbers counted again.
type Recount struct {
	At      domain.Instant `json:"at"`
	By      string         `json:"by"`
	Numbers []string       `json:"numbers"`
	Reason  string         `json:"reason"`
}

// Sign is a signature under the result with a digest.
type Sign struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	As     Signer         `json:"as"`
	Digest string         `json:"digest"`
}

// Cancel gives a count up.
type Cancel struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	Reason string         `json:"reason"`
}

func (Start) command()       {}
func (List) command()        {}
func (Join) command()        {}
func (EndCounting) command() {}
func (Count) command()       {}
func (Recount) command()     {}
func (Sign) command()        {}
func (Cancel) command()      {}
