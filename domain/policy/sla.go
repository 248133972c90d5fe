package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/fieldledger/fieldledger/domain"
)

const (
	longestLimitS  = 366 * 24 * 60 * 60 // of a target
	highestPercent = 1000               // of a step of escalation
	arrival        = "arrival"
	resolution     = "resolution"
)

// MarshalJSON writes missing targets as [].
func (s SLA) MarshalJSON() ([]byte, error) {
	type plain SLA
	if s.Targets == nil {
		s.Targets = []SLATarget{}
	}
	return json.Marshal(plain(s))
}

// Target returns what is agreed for a level in a service zone, if anything:
// what names the zone before what names none (SLA-11).
func (s SLA) Target(level int, zone, name string) (SLATarget, bool) {
	found, general := -1, -1
	for i, t := range s.Targets {
		switch {
		case t.Level != level || t.Name != name:
		case t.Zone == zone:
			found = i
		case t.Zone == "":
			general = i
		}
	}
	if found < 0 {
		found = general
	}
	if found < 0 {
		return SLATarget{}, false
	}
	return s.Targets[found], true
}

// Escalation returns the steps of escalation of a target at a level, in order
// (SLA-08). An emergency calls the leadership group at once (TKT-12): its
// resolution target has a step at the start. The caller must not change them.
func (s SLA) Escalation(level int, name string) []EscalationStep {
	steps := s.Ladder
	if len(steps) == 0 {
		steps = DefaultLadder()
	}
	if name == resolution && s.Emergency(level) {
		return append([]EscalationStep{{0, LeadershipGroup}}, steps...)
	}
	return steps
}

// Emergency reports whether calls of a level are emergencies (突发事件, TKT-12).
func (s SLA) Emergency(level int) bool {
	if len(s.Emergencies) == 0 {
		return level == 1
	}
	return slices.Contains(s.Emergencies, level)
}

// checker collects the faults of an SLA.
type checker struct{ faults []error }

func (c *checker) fault(pointer, rule, key string, pairs ...any) {
	c.faults = append(c.faults, domain.Invalid("/content"+pointer, rule, key, pairs...))
}

// check returns one *domain.InvalidError for each fault, joined.
func (s SLA) check() error {
	c := &checker{}
	if s.AppliesTo != "" && s.AppliesTo != Running {
		c.fault("/applies_to", "POL-03", "policy.applies_to_unknown", "applies_to", s.AppliesTo)
	}
	type key struct {
		level      int
		name, zone string
	}
	seen := make(map[key]bool, len(s.Targets))
	for i, t := range s.Targets {
		at := "/targets/" + strconv.Itoa(i)
		c.target(at, t)
		k := key{t.Level, t.Name, t.Zone}
		if seen[k] {
			c.fault(at, "SLA-01", "policy.target_repeated", "level", t.Level, "target", t.Name)
		}
		seen[k] = true
	}
	for i, level := range s.Emergencies {
		if level < 1 || level > 4 {
			c.fault("/emergency_levels/"+strconv.Itoa(i), "TKT-12", "ticket.level_unknown", "level", level)
		}
	}
	c.ladder(s.Ladder)
	return errors.Join(c.faults...)
}

func (c *checker) target(at string, t SLATarget) {
	if t.Level < 1 || t.Level > 4 {
		c.fault(at+"/level", "TKT-04", "ticket.level_unknown", "level", t.Level)
	}
	if !slices.Contains([]string{"first_contact", "remote_resolution", arrival, "resolution", "next_update"}, t.Name) {
		c.fault(at+"/name", "SLA-01", "policy.target_unknown", "target", t.Name)
	}
	if t.Clock != "working" && t.Clock != "wall" {
		c.fault(at+"/clock", "SLA-12", "policy.clock_unknown", "clock", t.Clock)
	}
	if t.LimitS < 1 || t.LimitS > longestLimitS {
		c.fault(at+"/limit_s", "SLA-01", "policy.limit_out_of_range", "most", longestLimitS)
	}
	if !slices.Contains([]string{"", FromCall, FromVisitNeeded}, t.From) || t.From != "" && t.Name != arrival {
		c.fault(at+"/from", "TKT-11", "policy.start_unknown", "from", t.From)
	}
	if !slices.Contains([]string{"", Replaces, RecordedOnly}, t.AgreedArrival) || t.AgreedArrival != "" && t.Name != arrival {
		c.fault(at+"/agreed_arrival", "SLA-02", "policy.agreed_arrival_unknown", "agreed_arrival", t.AgreedArrival)
	}
}

func (c *checker) ladder(steps []EscalationStep) {
	last := 0
	for i, s := range steps {
		at := "/escalation/" + strconv.Itoa(i)
		if s.Percent <= last || s.Percent > highestPercent {
			c.fault(at+"/percent", "SLA-08", "policy.percent_out_of_order", "most", highestPercent)
		}
		last = s.Percent
		if s.To != "technician" && s.To != "director" && s.To != "manager" {
			c.fault(at+"/to", "SLA-08", "policy.escalation_unknown", "to", s.To)
		}
	}
}
