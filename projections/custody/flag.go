package custody

import "github.com/fieldledger/fieldledger/domain/tool"

// Flags of a change of hands (TOL-08).
const (
	FlagOther     = "other"     // by somebody who did not have the tool
	FlagException = "exception" // passed on where that is forbidden
)

// explained returns r with what e says of the change of hands that it made.
func (r Row) explained(e tool.Event) Row {
	s := &r.Custody[len(r.Custody)-1]
	switch e := any(e).(type) {
	case tool.HandedOver:
		s.By, s.Reason, s.ApprovedBy, s.Approval = e.By, e.Reason, e.ApprovedBy, e.Approval
		if e.Exception {
			s.Flag = FlagException
		}
	case tool.Returned:
		if e.Other {
			s.By, s.Flag = e.By, FlagOther
		}
	case tool.ReportedMissing:
		if e.Other {
			s.By, s.Flag = e.By, FlagOther
		}
	}
	r.Flagged = r.Flagged || s.Flag != ""
	return r
}
