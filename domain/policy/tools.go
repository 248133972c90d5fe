package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/fieldledger/fieldledger/domain"
)

// Tools is the content of KindTools: the stores of a site, its kinds of tools
// with their lives and inspections, and what issue and passing on ask for.
type Tools struct {
	Stores []Code     `json:"stores"`
	Kinds  []ToolKind `json:"kinds"`
	// IssueApproval says whether an issue needs somebody's approval:
	// ByManager, ByFirstIssue, or "" for none (TOL-16).
	IssueApproval string `json:"issue_approval,omitempty"`
	// Passing says whether tools may be passed on between persons: Forbidden
	// but for the recorded exception, or "" for recorded at once (TOL-08).
	Passing string `json:"passing,omitempty"`
	// ExchangeApproval says whether an exchange of old for new needs somebody's
	// approval: ByManager, or "" for none (EXC-01).
	ExchangeApproval string `json:"exchange_approval,omitempty"`
	// Entitlements is what a post or team is issued without anybody's approval
	// (TOL-15). Without a line the table asks for nothing.
	Entitlements []Entitlement `json:"entitlements"`
	// SpecialKeepers are the posts that may keep tools of special use; none
	// means anybody (TOL-19).
	SpecialKeepers []string `json:"special_keepers"`
	// Chases are when somebody is told that a lent tool is not back, and who (TOL-09).
	Chases []Chase `json:"chases"`
	// CheckDays is how often a team's shared tools are checked; 0 means 7 (TOL-20).
	CheckDays int `json:"check_days"`
	// Approvals says who approves what, and for how long that is good; an act
	// without a line is a manager's to approve, without an end (POL-10).
	Approvals []Signatures `json:"approvals"`
}

// Signatures says whose signatures an act with tools needs.
type Signatures struct {
	Act   string   `json:"act"`   // one of ApprovalActs
	Needs []string `json:"needs"` // roles whose signature it needs, in order
	Hours int      `json:"hours"` // for which an approval is good once it is given; 0 without an end
}

// ApprovalActs are the acts that Signatures may name.
func ApprovalActs() []string { return []string{"issue", "hand_over", "scrap", "adjust_stock"} }

// ApprovalOf says whose approval an act needs.
func (t Tools) ApprovalOf(act string) Signatures {
	for _, a := range t.Approvals {
		if a.Act == act {
			return a
		}
	}
	return Signatures{Act: act, Needs: []string{ByManager}}
}

// Entitlement is a line of the table of what may be issued. Exactly one of
// Post and Team is set.
type Entitlement struct {
	Post  string `json:"post,omitempty"` // code
	Team  string `json:"team,omitempty"` // code of a team, for its members and for itself
	Kind  string `json:"kind"`           // code of a kind of tools
	Count int    `json:"count"`          // pieces
}

// Chase is a step of asking for a lent tool.
type Chase struct {
	AfterHours int      `json:"after_hours"` // after it was due
	Tell       []string `json:"tell"`        // ChaseBorrower, ChaseStore, ChaseManager
}

// Whom a chase tells.
const (
	ChaseBorrower = "borrower" // who has it, and who answers for it
	ChaseStore    = "store"    // the keeper of its home
	ChaseManager  = "manager"
)

// Entitled returns the line that gives a person or team the most pieces of a
// kind; one of no pieces if none does.
func (t Tools) Entitled(posts []string, team, kind string) Entitlement {
	best := Entitlement{Kind: kind}
	for _, e := range t.Entitlements {
		if e.Kind == kind && e.Count > best.Count && (e.Post != "" && slices.Contains(posts, e.Post) || e.Team != "" && e.Team == team) {
			best = e
		}
	}
	return best
}

// Words of Tools.
const (
	ByManager = "manager"
	// ByFirstIssue is a manager's approval of who may hold a tool; whoever that
	// covers is issued it without (TOL-17).
	ByFirstIssue = "first_issue"
	Forbidden    = "forbidden"
)

// ToolKind is a kind of tools.
type ToolKind struct {
	Code       string `json:"code"`
	Name       string `json:"name"`        // for people
	Category   string `json:"category"`    // TOL-02
	LifeMonths int    `json:"life_months"` // 0: not in the life table (EXC-04)
	// InspectMonths is how long an inspection is good for; 0 for kinds that need
	// none, and for those of which each inspection says it (INS-01).
	InspectMonths int `json:"inspect_months"`
	// StoreKept tools stay with the store and are only lent (TOL-10).
	StoreKept bool `json:"store_kept"`
}

var toolCategories = []string{
	"hand", "power", "pneumatic", "measuring", "lifting", "climbing", "safety", "personal", "tooling", "special", "container", "it",
}

// Inspected reports whether tools of the kind are given out only after an
// inspection that they passed: those with a period, and those of a category
// that is inspected whatever a policy says (INS-01).
func (k ToolKind) Inspected() bool { return k.InspectMonths > 0 || InspectedCategory(k.Category) }

// InspectedCategory reports whether tools of a category are inspected whatever
// a kind's period says: safety tools, and lifting and climbing ones likewise (INS-01).
func InspectedCategory(category string) bool {
	return category == "safety" || category == "lifting" || category == "climbing"
}

const longestMonths = 1200

// MarshalJSON writes missing lists as [].
func (t Tools) MarshalJSON() ([]byte, error) {
	type plain Tools
	if t.Stores == nil {
		t.Stores = []Code{}
	}
	if t.Kinds == nil {
		t.Kinds = []ToolKind{}
	}
	t.Entitlements = append([]Entitlement{}, t.Entitlements...)
	t.SpecialKeepers = append([]string{}, t.SpecialKeepers...)
	t.Chases = append([]Chase{}, t.Chases...)
	t.Approvals = append([]Signatures{}, t.Approvals...)
	return json.Marshal(plain(t))
}

// Kind returns the kind with a code, if there is one.
func (t Tools) Kind(code string) (ToolKind, bool) {
	i := slices.IndexFunc(t.Kinds, func(k ToolKind) bool { return k.Code == code })
	if i < 0 {
		return ToolKind{}, false
	}
	return t.Kinds[i], true
}

// HasStore reports whether the site has a store with a code.
func (t Tools) HasStore(code string) bool {
	return slices.ContainsFunc(t.Stores, func(s Code) bool { return s.Code == code })
}

// check returns one *domain.InvalidError for each fault, joined.
func (t Tools) check() error {
	c := &checker{}
	if len(t.Stores) == 0 {
		c.fault("/stores", "TOL-01", "policy.store_missing")
	}
	c.faults = append(c.faults, repeated("stores", "TOL-01", t.Stores)...)
	codes := make([]Code, len(t.Kinds))
	for i, k := range t.Kinds {
		codes[i] = Code{Code: k.Code}
		at := "/kinds/" + strconv.Itoa(i)
		if !slices.Contains(toolCategories, k.Category) {
			c.fault(at+"/category", "TOL-02", "policy.category_unknown", "category", k.Category)
		}
		if k.LifeMonths < 0 || k.LifeMonths > longestMonths {
			c.fault(at+"/life_months", "EXC-04", "policy.months_out_of_range", "most", longestMonths)
		}
		if k.InspectMonths < 0 || k.InspectMonths > longestMonths {
			c.fault(at+"/inspect_months", "INS-01", "policy.months_out_of_range", "most", longestMonths)
		}
	}
	c.faults = append(c.faults, repeated("kinds", "TOL-02", codes)...)
	t.checkGiving(c)
	t.checkApprovals(c)
	if !slices.Contains([]string{"", ByManager, ByFirstIssue}, t.IssueApproval) {
		c.fault("/issue_approval", "TOL-16", "policy.approval_unknown", "approval", t.IssueApproval)
	}
	if t.Passing != "" && t.Passing != Forbidden {
		c.fault("/passing", "TOL-08", "policy.passing_unknown", "passing", t.Passing)
	}
	if t.ExchangeApproval != "" && t.ExchangeApproval != ByManager {
		c.fault("/exchange_approval", "EXC-01", "policy.approval_unknown", "approval", t.ExchangeApproval)
	}
	return errors.Join(c.faults...)
}

const (
	mostEntitled = 1000
	mostChases   = 10
	mostHours    = 24 * 366
	mostSigners  = 5
)

// checkGiving finds the faults of what issue, lending and checks ask for.
func (t Tools) checkGiving(c *checker) {
	for i, e := range t.Entitlements {
		at := "/entitlements/" + strconv.Itoa(i)
		if (e.Post == "") == (e.Team == "") {
			c.fault(at, "TOL-15", "policy.entitlement_whose")
		}
		if _, ok := t.Kind(e.Kind); !ok {
			c.fault(at+"/kind", "TOL-15", "tool.kind_unknown", "kind", e.Kind)
		}
		if e.Count < 0 || e.Count > mostEntitled {
			c.fault(at+"/count", "TOL-15", "policy.count_out_of_range", "most", mostEntitled)
		}
	}
	if len(t.Chases) > mostChases {
		c.fault("/chases", "TOL-09", "policy.too_many_chases", "most", mostChases)
	}
	last := -1
	for i, s := range t.Chases {
		at := "/chases/" + strconv.Itoa(i)
		if s.AfterHours <= last || s.AfterHours > mostHours {
			c.fault(at+"/after_hours", "TOL-09", "policy.chase_order", "most", mostHours)
		}
		last = s.AfterHours
		if len(s.Tell) == 0 || slices.ContainsFunc(s.Tell, func(who string) bool {
			return !slices.Contains([]string{ChaseBorrower, ChaseStore, ChaseManager}, who)
		}) {
			c.fault(at+"/tell", "TOL-09", "policy.chase_tell")
		}
	}
	if t.CheckDays < 0 || t.CheckDays > mostDays {
		c.fault("/check_days", "TOL-20", "policy.days_out_of_range", "most", mostDays)
	}
}

// checkApprovals finds the faults of who approves what.
func (t Tools) checkApprovals(c *checker) {
	seen := map[string]bool{}
	for i, a := range t.Approvals {
		at := "/approvals/" + strconv.Itoa(i)
		if !slices.Contains(ApprovalActs(), a.Act) || seen[a.Act] {
			c.fault(at+"/act", "POL-10", "policy.approval_act", "act", a.Act)
		}
		seen[a.Act] = true
		if len(a.Needs) == 0 || len(a.Needs) > mostSigners || slices.Contains(a.Needs, "") {
			c.fault(at+"/needs", "POL-10", "policy.approval_needs", "most", mostSigners)
		}
		if a.Hours < 0 || a.Hours > mostHours {
			c.fault(at+"/hours", "POL-10", "policy.hours_out_of_range", "most", mostHours)
		}
	}
}

// repeated returns a fault for each code of a list that is missing or there twice.
func repeated(list, rule string, codes []Code) []error {
	var faults []error
	seen := make(map[string]bool, len(codes))
	for i, code := range codes {
		at := "/content/" + list + "/" + strconv.Itoa(i) + "/code"
		switch {
		case code.Code == "":
			faults = append(faults, domain.Invalid(at, rule, "policy.code_missing"))
		case seen[code.Code]:
			faults = append(faults, domain.Invalid(at, rule, "policy.code_repeated", "code", code.Code))
		}
		seen[code.Code] = true
	}
	return faults
}
