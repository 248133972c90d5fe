package loss

// Cause says why there is a loss.
type Cause string

// The causes.
const (
	Missing Cause = "missing" // LOS-01
	Damage  Cause = "damage"  // by human fault (EXC-04, LOS-12)
)

// Status is where a loss stands.
type Status string

// The statuses. The empty one means that there is no such loss.
const (
	Open      Status = "open"
	Proposed  Status = "proposed"  // an amount waits for its approval (LOS-07)
	Approved  Status = "approved"  // it is paid by deductions (LOS-08)
	Excused   Status = "excused"   // lost on duty for the work, by certificate (LOS-02)
	Waived    Status = "waived"    // LOS-11
	Found     Status = "found"     // again (LOS-09)
	Withdrawn Status = "withdrawn" // it was booked wrongly (AUD-02)
)

// running reports whether something may still be decided before the approval.
func (s Status) running() bool { return s == Open || s == Proposed }

// Settled reports whether it is decided that the loss is paid, excused or
// waived: then another tool may be given out in its place.
func (s Status) Settled() bool { return s == Approved || s == Excused || s == Waived }

// How says how a loss ended without being paid.
type How string

// The ends.
const (
	ByWaiver     How = "waived"
	ByFinding    How = "found"
	ByCorrection How = "withdrawn"
)

// status returns where a loss stands that ended so.
func (h How) status() Status { return Status(h) }

// RoleHR is the role that approves what is above the policy's amount (LOS-07).
const RoleHR = "hr"

// Ways of an assessment beside the methods of the policy.
const (
	GivenAmount    = "given"    // the cost of a repair (LOS-12)
	StandardAmount = "standard" // of the compensation standard (LOS-03, EXC-04)
)
