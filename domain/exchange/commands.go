package exchange

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Command asks for something to happen to an exchange. At is the business
// time, UTC; By the id of the person who asks.
//
//sumtype:decl
type Command interface{ command() }

// Apply opens an exchange of the tool that somebody has (EXC-01), or of one
// whose loss is dealt with elsewhere (EXC-06).
type Apply struct {
	At     domain.Instant `json:"at"`
	Site   string         `json:"site"` // code
	By     string         `json:"by"`
	Old    Item           `json:"old"`
	Keeper tool.Holder    `json:"keeper"` // who has the old tool, or lost it
	Reason string         `json:"reason"` // no personal data
	// Wanted is another model than the old one's, which needs approval (EXC-07).
	Wanted        *Model       `json:"wanted,omitempty"`
	InsteadOfLoss *uuid.UUID   `json:"instead_of_loss,omitempty"` // id of the loss that stands for the surrender
	Book          *policy.Book `json:"-"`
}

// Approve lets an exchange go on.
type Approve struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"`
}

// Refuse ends an exchange that waits for approval.
type Refuse struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	Reason string         `json:"reason"` // no personal data
}

// Withdraw ends an exchange that is not completed.
type Withdraw struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	Reason string         `json:"reason"` // no personal data; "" for the applicant's own before it was decided on
	// ForStore says that the store or a manager ends it, not who applied.
	ForStore bool `json:"for_store"`
}

// Surrender lays the old tool on the store's counter (EXC-01). Custody moves
// with the completion alone.
type Surrender struct {
	At    domain.Instant `json:"at"`
	By    string         `json:"by"`    // the storekeeper
	Giver string         `json:"giver"` // person id of who brings it
	Store string         `json:"store"` // code
	Book  *policy.Book   `json:"-"`
}

// Inspect says what the storekeeper finds (EXC-02).
type Inspect struct {
	At         domain.Instant `json:"at"`
	Today      domain.Day     `json:"today"` // civil date of At in the site's zone (EXC-04)
	By         string         `json:"by"`
	Outcome    Outcome        `json:"outcome"`
	Repairer   string         `json:"repairer"`    // of a repairable one
	ScrapNote  string         `json:"scrap_note"`  // of one without repair value; no personal data
	HumanFault bool           `json:"human_fault"` // it did not wear, somebody broke it (EXC-04)
	Finding    string         `json:"finding"`     // of a human fault; no personal data
}

// Choose names the replacement (EXC-03, EXC-07).
type Choose struct {
	At  domain.Instant `json:"at"`
	By  string         `json:"by"`
	New Item           `json:"new"`
	// WornSpare is a worn but sound tool of the model in stock; nil for none.
	WornSpare *uuid.UUID `json:"worn_spare,omitempty"`
	Declined  string     `json:"declined"` // why the worn one is not taken; no personal data
	// LossSettled says that the loss which stands for the surrender is settled (EXC-06).
	LossSettled bool `json:"loss_settled"`
}

// Reserve says whether both tools are kept now. The process manager sends it.
type Reserve struct {
	At domain.Instant `json:"at"`
	// Missing are the tools that could not be kept.
	Missing []uuid.UUID `json:"missing"`
}

// Complete moves both tools at once, by the keeper's own signature (EXC-06, TOL-04).
type Complete struct {
	At domain.Instant `json:"at"`
	By string         `json:"by"`
}

// Settle says that both tools' streams have the move. The process manager sends it.
type Settle struct {
	At domain.Instant `json:"at"`
	// Missing are the tools whose stream does not have it.
	Missing []uuid.UUID `json:"missing"`
}

func (Apply) command()     {}
func (Approve) command()   {}
func (Refuse) command()    {}
func (Withdraw) command()  {}
func (Surrender) command() {}
func (Inspect) command()   {}
func (Choose) command()    {}
func (Reserve) command()   {}
func (Complete) command()  {}
func (Settle) command()    {}
