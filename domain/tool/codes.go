package tool

// HolderKind says what sort of custodian has a tool (TOL-03).
type HolderKind string

// The kinds of custodians.
const (
	Person   HolderKind = "person"   // Who is a person id
	Team     HolderKind = "team"     // Who is a team id: shared tools, the shift on duty answers (TOL-06)
	Store    HolderKind = "store"    // Who is a store's code from the site's policy of tools
	Repairer HolderKind = "repairer" // Who is the repairer's code
	Nobody   HolderKind = "nobody"   // lost or scrapped
)

// Holder is a custodian. The zero Holder is none at all.
type Holder struct {
	Kind HolderKind `json:"kind"`
	Who  string     `json:"who"` // by Kind; "" for Nobody
}

func (k HolderKind) takes() bool { return k == Person || k == Team }

// Use says who may have a tool, and how (TOL-05, TOL-06, TOL-09, TOL-19).
type Use string

// The uses.
const (
	Personal Use = "personal" // one person's, marked with the name
	Shared   Use = "shared"   // a shift's; its keys pass with it
	Pool     Use = "pool"     // lent for a time (机动工具)
	Special  Use = "special"  // kept by the shift leader
)

func (u Use) known() bool { return u == Personal || u == Shared || u == Pool || u == Special }

// Standing is where a tool stands in its life.
type Standing string

// The standings. The empty one means that the tool is not registered.
const (
	StandingInStore  Standing = "in_store"
	StandingOffered  Standing = "offered" // given out, the recipient has not signed yet (TOL-04)
	StandingIssued   Standing = "issued"
	StandingLent     Standing = "lent"
	StandingInRepair Standing = "in_repair"
	StandingMissing  Standing = "missing"
	StandingScrapped Standing = "scrapped"
)

// Condition is how a tool comes back.
type Condition string

// The conditions.
const (
	Good    Condition = "good"
	Worn    Condition = "worn"    // sound, and taken before a new one (EXC-03)
	Damaged Condition = "damaged" // blocked until it is checked (TOL-18)
)

func (c Condition) known() bool { return c == Good || c == Worn || c == Damaged }

// BlockReason says why a tool is out of use (TOL-18, INS-02).
type BlockReason string

// The reasons.
const (
	BlockFault   BlockReason = "fault"
	BlockQuality BlockReason = "quality" // of its batch (TOL-12)
	BlockFailed  BlockReason = "failed"  // an inspection
)

func (r BlockReason) known() bool { return r == BlockFault || r == BlockQuality || r == BlockFailed }

// Part is what a tool is in an exchange of old for new (EXC-01).
type Part string

// The parts.
const (
	PartOld Part = "old" // surrendered
	PartNew Part = "new" // its replacement
)

func (p Part) known() bool { return p == PartOld || p == PartNew }
