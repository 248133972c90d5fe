package importlog

import (
	"fmt"
	"maps"
	"slices"
)

// keptFaults is how many refused rows a report lists.
const keptFaults = 1000

// Report says what became of every row of a log.
type Report struct {
	Rows     int            `json:"rows"`      // read, without the header and blank lines
	ByStatus map[string]int `json:"by_status"` // rows by what the status column says
	Tickets  int            `json:"tickets"`   // keys of tickets
	Events   int            `json:"events"`    // appended to tickets
	Imported int            `json:"imported"`  // rows that made events
	Silent   int            `json:"silent"`    // rows that changed nothing
	Known    int            `json:"known"`     // rows that an earlier import had brought in
	Refused  map[Reason]int `json:"refused"`   // rows, each under one reason

	// Found counts what contradicts itself wherever it holds: a row whose key
	// is repeated and that is older than its predecessor is refused for one
	// reason and found under both.
	Found       map[Reason]int `json:"found"`
	RefusedRows []RowFault     `json:"refused_rows"` // the first 1,000, by line
	MoreRefused int            `json:"more_refused"` // how many are not listed

	WithoutCreationTime int            `json:"without_creation_time"` // rows; imported all the same
	Unmapped            map[string]int `json:"unmapped"`              // "channel Fax": rows taken as other, or claims left out
	Teams               int            `json:"teams"`                 // distinct values of the column, "missing" being one
	Technicians         int            `json:"technicians"`           // likewise
	Callers             int            `json:"callers"`               // likewise
	Seconds             float64        `json:"seconds"`
}

func newReport() Report {
	return Report{ByStatus: map[string]int{}, Refused: map[Reason]int{}, Found: map[Reason]int{}, Unmapped: map[string]int{}}
}

// RefusedTotal returns how many rows were refused.
func (r Report) RefusedTotal() int {
	sum := 0
	for _, n := range r.Refused {
		sum += n
	}
	return sum
}

// Check returns an error unless every row read is accounted for exactly once.
// The report of an import that did not end does not add up.
func (r Report) Check() error {
	if sum := r.Imported + r.Silent + r.Known + r.RefusedTotal(); sum != r.Rows {
		return fmt.Errorf("import report: %d rows read, but %d imported + %d silent + %d known + %d refused = %d",
			r.Rows, r.Imported, r.Silent, r.Known, r.RefusedTotal(), sum)
	}
	if listed := len(r.RefusedRows) + r.MoreRefused; listed != r.RefusedTotal() {
		return fmt.Errorf("import report: %d rows refused, but %d listed", r.RefusedTotal(), listed)
	}
	return nil
}

// refuse counts a refused row and lists it if there is room.
func (r *Report) refuse(f RowFault) {
	r.Refused[f.Reason]++
	if len(r.RefusedRows) == keptFaults {
		r.MoreRefused++
		return
	}
	r.RefusedRows = append(r.RefusedRows, f)
}

// done sorts the refused rows by line and drops what is empty.
func (r *Report) done() {
	slices.SortFunc(r.RefusedRows, func(a, b RowFault) int { return a.Line - b.Line })
	for _, counts := range []map[Reason]int{r.Refused, r.Found} {
		maps.DeleteFunc(counts, func(_ Reason, n int) bool { return n == 0 })
	}
}
