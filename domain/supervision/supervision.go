// Package supervision decides who answers for the tools of a site, who
// supervises its ledgers, and what each look at a ledger found (CHK-05).
//
// A duty names posts, not persons: whoever holds the post on a day is the
// person of that day (ORG-04). A finding is open until somebody says how it was
// settled. It changes no ledger. The posts that the actor holds come with the
// command. Pure: no clock, no I/O.
package supervision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

const (
	mostFindings  = 100
	longestMonths = 120
)

// Event is what happened. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// DutySet says which post answers for all tools of a site from a day on, and
// which supervise its ledgers. Type supervision.duty_set.v1.
type DutySet struct {
	At          domain.Instant    `json:"at"`
	Site        string            `json:"site"`        // code
	Answers     string            `json:"answers"`     // code of the post that answers for all tools
	Supervisors []string          `json:"supervisors"` // codes of the posts that supervise
	Months      int               `json:"months"`      // between two looks at a ledger
	From        domain.Day        `json:"from"`        // civil date from which on it holds
	Reason      string            `json:"reason"`      // no personal data
	Policy      *domain.PolicyRef `json:"policy,omitempty"`
}

// Recorded is a look at one ledger. Type supervision.recorded.v1.
type Recorded struct {
	At       domain.Instant `json:"at"`
	Site     string         `json:"site"`     // code
	Ledger   tool.Holder    `json:"ledger"`   // whose: a person, a team or a store
	On       domain.Day     `json:"on"`       // civil date of the look
	By       string         `json:"by"`       // person id
	Post     string         `json:"post"`     // in which the person supervises
	Findings []string       `json:"findings"` // what is wrong; no personal data
}

// Settled closes a finding. Type supervision.settled.v1.
type Settled struct {
	At      domain.Instant `json:"at"`
	By      string         `json:"by"`      // person id
	Finding int            `json:"finding"` // its place, from 0
	How     string         `json:"how"`     // what was done; no personal data
}

func (DutySet) event()  {}
func (Recorded) event() {}
func (Settled) event()  {}

// Policies returns the policy of keeping whose words the duty took (POL-02).
func (e DutySet) Policies() []domain.PolicyRef {
	if e.Policy == nil {
		return nil
	}
	return []domain.PolicyRef{*e.Policy}
}

// Command asks for something to happen.
//
//sumtype:decl
type Command interface{ command() }

// SetDuty sets the duty of a site. One that names no post takes that of the
// policy of keeping (POL-08).
type SetDuty struct {
	Duty DutySet      `json:"duty"`
	Book *policy.Book `json:"-"`
}

// Supervise records a look at a ledger. Duty is that of the site, nil for none;
// Posts are those that the actor holds then.
type Supervise struct {
	Look  Recorded `json:"look"`
	Posts []string `json:"posts"`
	Duty  *DutySet `json:"-"`
}

// Settle closes a finding.
type Settle Settled

func (SetDuty) command()   {}
func (Supervise) command() {}
func (Settle) command()    {}

// State is a site's duty, or one look at a ledger.
type State struct {
	Duty *DutySet
	Look *Recorded
	Open []bool // by finding: true while nobody has settled it
}

// Decide returns the events that c causes in state s. No events and no error
// means that what c asks for holds already (TKT-02). A *domain.RuleError means
// that a rule refused c, a *domain.InvalidError that a field is not acceptable.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case SetDuty:
		return setDuty(s, c)
	case Supervise:
		return supervise(s, c)
	case Settle:
		return settle(s, c)
	}
	return nil, fmt.Errorf("supervision: unknown command %T", c)
}

// setDuty wants one post that answers and at least one that supervises (CHK-05).
func setDuty(s State, c SetDuty) ([]Event, error) {
	e := c.Duty
	if e.Answers == "" && len(e.Supervisors) == 0 {
		v, ok := c.Book.InForce(policy.KindKeeping, e.Site, e.At.Time)
		if !ok || v.Keeping().Ledgers == nil { // POL-08: nobody gave a duty, and there is none to go by
			return nil, domain.Refuse("POL-08", "supervision.duty_missing", "site", e.Site)
		}
		of, ref := *v.Keeping().Ledgers, v.Ref()
		e.Answers, e.Supervisors, e.Months, e.Policy = of.Answers, of.Supervisors, of.Months, &ref
	}
	switch {
	case e.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case strings.TrimSpace(e.Answers) == "":
		return nil, domain.Invalid("/answers", "CHK-05", "supervision.post_missing")
	case len(e.Supervisors) == 0 || slices.Contains(e.Supervisors, ""):
		return nil, domain.Invalid("/supervisors", "CHK-05", "supervision.post_missing")
	case e.Months < 1 || e.Months > longestMonths:
		return nil, domain.Invalid("/months", "CHK-05", "policy.months_out_of_range", "most", longestMonths)
	case strings.TrimSpace(e.Reason) == "":
		return nil, domain.Invalid("/reason", "CHK-05", "tool.reason_missing")
	}
	if d := s.Duty; d != nil && d.Answers == e.Answers && slices.Equal(d.Supervisors, e.Supervisors) && d.Months == e.Months && d.From == e.From { // TKT-02
		return nil, nil
	}
	return []Event{e}, nil
}

// supervise takes the word of who holds a supervising post, and of nobody about
// a ledger of their own (CHK-05).
func supervise(s State, c Supervise) ([]Event, error) {
	e := c.Look
	switch {
	case s.Look != nil:
		return nil, domain.Refuse("CHK-05", "stock.exists")
	case e.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case e.Ledger.Who == "" || e.Ledger.Kind != tool.Person && e.Ledger.Kind != tool.Team && e.Ledger.Kind != tool.Store:
		return nil, domain.Invalid("/ledger", "CHK-05", "supervision.ledger_unknown")
	case e.By == "":
		return nil, domain.Refuse("CHK-05", "approval.person_missing")
	case len(e.Findings) > mostFindings || slices.ContainsFunc(e.Findings, func(f string) bool { return strings.TrimSpace(f) == "" }):
		return nil, domain.Invalid("/findings", "CHK-05", "supervision.findings_wrong", "most", mostFindings)
	case c.Duty == nil:
		return nil, domain.Refuse("POL-08", "supervision.duty_missing", "site", e.Site)
	case e.Ledger.Kind == tool.Person && e.Ledger.Who == e.By:
		return nil, domain.Refuse("CHK-05", "approval.own")
	}
	i := slices.IndexFunc(c.Duty.Supervisors, func(p string) bool { return slices.Contains(c.Posts, p) })
	if i < 0 {
		return nil, domain.Refuse("CHK-05", "supervision.not_supervisor", "posts", strings.Join(c.Duty.Supervisors, ", "))
	}
	e.Post = c.Duty.Supervisors[i]
	if e.Findings == nil {
		e.Findings = []string{}
	}
	return []Event{e}, nil
}

// settle closes a finding once, with what was done (CHK-05).
func settle(s State, c Settle) ([]Event, error) {
	switch {
	case c.Finding < 0 || c.Finding >= len(s.Open):
		return nil, domain.Refuse("CHK-05", "supervision.no_finding", "finding", c.Finding)
	case !s.Open[c.Finding]: // TKT-02
		return nil, nil
	case c.By == "":
		return nil, domain.Refuse("CHK-05", "approval.person_missing")
	case strings.TrimSpace(c.How) == "":
		return nil, domain.Invalid("/how", "CHK-05", "tool.reason_missing")
	}
	return []Event{Settled(c)}, nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case DutySet:
		s.Duty = &e
	case Recorded:
		s.Look, s.Open = &e, make([]bool, len(e.Findings))
		for i := range s.Open {
			s.Open[i] = true
		}
	case Settled:
		s.Open = slices.Clone(s.Open)
		s.Open[e.Finding] = false
	}
	return s
}
