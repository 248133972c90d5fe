package approval

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Command asks for something to happen to an approval. Book holds the policy
// versions to decide by and is no part of the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Request asks for an approval.
type Request struct {
	At     domain.Instant `json:"at"`
	Site   string         `json:"site"`
	By     string         `json:"by"` // person id
	Covers Covers         `json:"covers"`
	Reason string         `json:"reason"`
	Book   *policy.Book   `json:"-"`
}

// Give is the signature of a person. Team is the id of the person's team at
// that time, "" for none.
type Give struct {
	At   domain.Instant `json:"at"`
	By   Signer         `json:"by"`
	Team string         `json:"team"`
}

// Refuse ends a request.
type Refuse struct {
	At     domain.Instant `json:"at"`
	By     Signer         `json:"by"`
	Reason string         `json:"reason"`
}

// Withdraw ends an approval, by who asked for it or signed it.
type Withdraw struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"` // person id
	Reason string         `json:"reason"`
	Void   []uuid.UUID    `json:"void"` // as of Claim
}

// Claim uses an approval for a command. What it does has to be what the
// approval covers.
type Claim struct {
	At      domain.Instant `json:"at"` // business time of what it is used for
	Site    string         `json:"site"`
	Act     Act            `json:"act"`
	Kind    string         `json:"kind"` // of the tool
	To      tool.Holder    `json:"to"`   // who gets it, the zero Holder for nobody
	Scope   []tool.Holder  `json:"scope"`
	Stock   *Correction    `json:"stock,omitempty"`
	Parties []string       `json:"parties"` // person ids of who gives, gets or acts
	Late    bool           `json:"late"`    // the fact is entered after what followed it
	Use     Use            `json:"use"`
	Void    []uuid.UUID    `json:"void"` // command ids of uses that came to nothing
}

func (Request) command()  {}
func (Give) command()     {}
func (Refuse) command()   {}
func (Withdraw) command() {}
func (Claim) command()    {}
