package deduction

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Command asks for something to happen to an account. At is the business
// time, UTC; Book holds the policy versions to decide by (POL-02) and is no
// part of the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Open begins the account of a year with the state of the one before.
type Open struct {
	At     domain.Instant `json:"at"`
	Person string         `json:"person"`
	Year   int            `json:"year"`
	Before State          `json:"-"`
}

// Close ends the account of a year.
type Close struct {
	At domain.Instant `json:"at"`
}

// Enter says what a person owes for a loss. It begins the account of a person
// who has none.
type Enter struct {
	At        domain.Instant `json:"at"`
	Person    string         `json:"person"`
	Year      int            `json:"year"`
	Loss      uuid.UUID      `json:"loss"`
	Number    string         `json:"number"`
	From      Month          `json:"from"`
	AmountFen int64          `json:"amount_fen"`
}

// Post deducts from the wage of a month.
type Post struct {
	At      domain.Instant `json:"at"`
	Site    string         `json:"site"` // code, whose policy is gone by
	Month   Month          `json:"month"`
	WageFen int64          `json:"-"` // only sealed in the log
	Wage    domain.Sealed  `json:"wage"`
	Digest  string         `json:"digest"` // keyed, of the wage
	Book    *policy.Book   `json:"-"`
}

// Cancel ends the deductions for a loss.
type Cancel struct {
	At     domain.Instant `json:"at"`
	Loss   uuid.UUID      `json:"loss"`
	How    How            `json:"how"`
	Refund bool           `json:"refund"` // what was deducted goes back
	Month  Month          `json:"month"`  // with whose wage
}

func (Open) command()   {}
func (Close) command()  {}
func (Enter) command()  {}
func (Post) command()   {}
func (Cancel) command() {}
