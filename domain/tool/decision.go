package tool

// Decision is what became of one tool of a list, of which each is decided by
// its own stream (TOL-12, TOL-13).
type Decision struct {
	Row    int            `json:"row"`    // of the list, from 1; 0 if it has no rows
	Tool   string         `json:"tool"`   // id; "" if none was left
	Holder Holder         `json:"holder"` // who had it, or of an issue who is to get it
	Result DecisionResult `json:"result"`
	Rule   string         `json:"rule"` // that refused it, else ""
}

// DecisionResult is what a command to a tool of a list came to.
type DecisionResult string

// The results.
const (
	Done      DecisionResult = "done"
	Declined  DecisionResult = "refused"
	AlreadySo DecisionResult = "already_so" // what was asked for was so already (TKT-02)
	NoneLeft  DecisionResult = "none_left"  // there is no such tool in store any more
)

// DecisionsEach is how many decisions one event holds at most.
const DecisionsEach = 100
