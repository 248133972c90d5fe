package exchange

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Status is where an exchange stands. The empty one means that there is none.
type Status string

// The statuses.
const (
	StatusApplied     Status = "applied" // waits for an approval
	StatusApproved    Status = "approved"
	StatusRefused     Status = "refused"   // an end
	StatusWithdrawn   Status = "withdrawn" // an end
	StatusSurrendered Status = "surrendered"
	StatusUsable      Status = "usable"    // an end: the tool goes on being used (EXC-02)
	StatusRepair      Status = "in_repair" // an end: the tool is repaired, and comes back to its keeper
	StatusInspected   Status = "inspected" // of no repair value: a replacement may be chosen
	StatusReserving   Status = "reserving"
	StatusReserved    Status = "reserved"
	StatusCompleted   Status = "completed"
	StatusSettled     Status = "settled" // an end
)

// Outcome is what the inspection of a surrendered tool finds (EXC-02).
type Outcome string

// The outcomes.
const (
	Usable     Outcome = "usable"
	Repairable Outcome = "repairable"
	NoValue    Outcome = "no_repair_value"
)

// Model is what two tools share of which one can replace the other (EXC-07).
type Model struct {
	Kind string `json:"kind"` // code of the kind
	Spec string `json:"spec"` // size or model
}

// Item is a tool as an exchange needs to know it.
type Item struct {
	Tool        uuid.UUID  `json:"tool"`         // its id
	Number      string     `json:"number"`       // marked on it
	Model       Model      `json:"model"`        // kind and spec
	PriceFen    int64      `json:"price_fen"`    // CNY, as bought
	PurchasedOn domain.Day `json:"purchased_on"` // civil date
	LifeMonths  int        `json:"life_months"`  // 0: not in the life table
	Used        bool       `json:"used"`         // somebody had it already (EXC-03)
}
