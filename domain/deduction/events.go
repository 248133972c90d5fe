package deduction

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to an account. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Month is a civil month, "2006-01".
type Month string

// How says why a loss is not paid any further.
type How string

// Debt is what a person owes for one loss. What is open of it is the amount
// less what is deducted and cancelled.
type Debt struct {
	Loss         uuid.UUID `json:"loss"`          // id of the loss
	Number       string    `json:"number"`        // of the loss
	From         Month     `json:"from"`          // first month whose wage it is deducted from
	AmountFen    int64     `json:"amount_fen"`    // what is owed
	DeductedFen  int64     `json:"deducted_fen"`  // what wages gave
	CancelledFen int64     `json:"cancelled_fen"` // what is owed no more
	RefundedFen  int64     `json:"refunded_fen"`  // of what was deducted
	Ended        bool      `json:"ended"`         // nothing of it is deducted any more
}

// OpenFen returns what is still to be deducted.
func (d Debt) OpenFen() int64 { return d.AmountFen - d.DeductedFen - d.CancelledFen }

// Taken is what a month's wage gave towards one loss.
type Taken struct {
	Loss        uuid.UUID `json:"loss"`         // id of the loss
	DeductedFen int64     `json:"deducted_fen"` // what wages gave
	RefundedFen int64     `json:"refunded_fen"` // of that
}

// Posting is a month with what it gave, oldest loss first.
type Posting struct {
	Month  Month   `json:"month"`  // whose wage it is
	Digest string  `json:"digest"` // keyed, of the wage that was posted last
	Taken  []Taken `json:"taken"`  // by loss
}

// Opened begins the account of a year with what is carried over from the one
// before (LOS-08). Type deduction.opened.v1.
type Opened struct {
	At     domain.Instant `json:"at"`
	Person string         `json:"person"` // id
	Year   int            `json:"year"`   // of the account
	Debts  []Debt         `json:"debts"`  // in the order in which they were entered
	Months []Posting      `json:"months"` // of the year before, whose wages may still be corrected
}

// Closed ends the account of a year: the next one goes on. Type deduction.closed.v1.
type Closed struct {
	At   domain.Instant `json:"at"`
	Year int            `json:"year"` // of the account
}

// Entered says what a person owes for a loss (LOS-07). Type deduction.entered.v1.
type Entered struct {
	At        domain.Instant `json:"at"`
	Loss      uuid.UUID      `json:"loss"`       // id of the loss
	Number    string         `json:"number"`     // of the loss
	From      Month          `json:"from"`       // first month whose wage it is deducted from
	AmountFen int64          `json:"amount_fen"` // what is owed
}

// Entry is one deduction, or with a negative amount what goes back.
type Entry struct {
	Loss      uuid.UUID `json:"loss"`       // id of the loss
	Number    string    `json:"number"`     // of the loss
	AmountFen int64     `json:"amount_fen"` // what is owed
}

// Posted is what the wage of a month gives (LOS-08). Type deduction.posted.v1.
type Posted struct {
	At         domain.Instant   `json:"at"`
	Month      Month            `json:"month"`       // whose wage it is
	Wage       domain.Sealed    `json:"wage"`        // sealed
	Digest     string           `json:"digest"`      // keyed, of the wage: the same wage again changes nothing
	CapPPM     int64            `json:"cap_ppm"`     // of the wage, at most
	MinimumFen int64            `json:"minimum_fen"` // that the month leaves at least
	Again      bool             `json:"again"`       // the month had another wage before
	Entries    []Entry          `json:"entries"`     // the difference to what the month gave before
	TakenFen   int64            `json:"taken_fen"`   // that the month gives now, all together
	OpenFen    int64            `json:"open_fen"`    // that is carried over, of all losses
	Policy     domain.PolicyRef `json:"policy"`      // of compensation, in force in that month
}

// Cancelled ends the deductions for a loss and gives back what was deducted
// (LOS-09, LOS-11). Type deduction.cancelled.v1.
type Cancelled struct {
	At           domain.Instant `json:"at"`
	Loss         uuid.UUID      `json:"loss"`          // id of the loss
	Number       string         `json:"number"`        // of the loss
	How          How            `json:"how"`           // found, waived or withdrawn, as the loss ended
	CancelledFen int64          `json:"cancelled_fen"` // that was not deducted yet
	RefundFen    int64          `json:"refund_fen"`    // that was, and goes back
	Month        Month          `json:"month"`         // with whose wage it goes back
}

func (Opened) event()    {}
func (Closed) event()    {}
func (Entered) event()   {}
func (Posted) event()    {}
func (Cancelled) event() {}

// Policies are the versions that decided the event (POL-02).
func (e Posted) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }
