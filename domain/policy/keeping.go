package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
)

// Keeping is the content of KindKeeping: how the tools of a site are counted
// and checked, where they lie, and the climate of their rooms.
type Keeping struct {
	// StocktakeMonths is how often a store is counted (CHK-01).
	StocktakeMonths int         `json:"stocktake_months"`
	Climate         RoomClimate `json:"climate"`
	// Checks are the periods of what is checked beside inspections (INS-05, INS-08, INS-09).
	Checks []CheckPeriod `json:"checks"`
	Places []ToolPlace   `json:"places"`
	// Ledgers says who answers for all tools and who supervises their ledgers;
	// absent where the site says so itself (CHK-05).
	Ledgers *LedgerDuty `json:"ledgers,omitempty"`
}

// LedgerDuty names the posts of persons (ORG-04).
type LedgerDuty struct {
	Answers     string   `json:"answers"`     // code of the post that answers for all tools
	Supervisors []string `json:"supervisors"` // codes of the posts that supervise the ledgers
	Months      int      `json:"months"`      // between two looks at a ledger
}

// RoomClimate is what a tool room may have, both ends included (INS-03).
type RoomClimate struct {
	LowTenthsC      int `json:"low_tenths_c"`     // tenths of a degree Celsius
	HighTenthsC     int `json:"high_tenths_c"`    // tenths of a degree Celsius
	HumidityPercent int `json:"humidity_percent"` // relative, at most
}

// CheckPeriod says how often the tools of a kind are checked for a purpose.
type CheckPeriod struct {
	Kind    string `json:"kind"`    // code of the policy of tools; "" for every kind without a period of its own
	Purpose string `json:"purpose"` // maintenance, random or quality
	Months  int    `json:"months"`
	Sample  int    `json:"sample"` // how many tools a random check draws; 0 for all
}

// ToolPlace is a coded place of a store (INS-04).
type ToolPlace struct {
	Code         string   `json:"code"`  // one place each at a site
	Store        string   `json:"store"` // code of the policy of tools
	Kinds        []string `json:"kinds"` // codes of the kinds that may lie there
	Conditions   string   `json:"conditions"`
	ConditionsZh string   `json:"conditions_zh"`
	// KeeperNeeded asks for a named keeper (INS-07).
	KeeperNeeded bool `json:"keeper_needed"`
	// Rack says that the place's code is the number of the one tool in it:
	// earthing wires (INS-04).
	Rack bool `json:"rack"`
}

// MarshalJSON writes missing lists as [].
func (k Keeping) MarshalJSON() ([]byte, error) {
	type plain Keeping
	k.Checks = append([]CheckPeriod{}, k.Checks...)
	k.Places = append([]ToolPlace{}, k.Places...)
	if k.Ledgers != nil {
		k.Ledgers = &LedgerDuty{k.Ledgers.Answers, append([]string{}, k.Ledgers.Supervisors...), k.Ledgers.Months}
	}
	for i := range k.Places {
		k.Places[i].Kinds = append([]string{}, k.Places[i].Kinds...)
	}
	return json.Marshal(plain(k))
}

// Check returns the period of a purpose for a kind: its own, or that of every
// kind; false if there is none.
func (k Keeping) Check(kind, purpose string) (CheckPeriod, bool) {
	var found CheckPeriod
	ok := false
	for _, c := range k.Checks {
		if c.Purpose == purpose && (c.Kind == kind || c.Kind == "" && !ok) {
			found, ok = c, true
		}
	}
	return found, ok
}

// Place returns the place with a code, if there is one.
func (k Keeping) Place(code string) (ToolPlace, bool) {
	i := slices.IndexFunc(k.Places, func(p ToolPlace) bool { return p.Code == code })
	if i < 0 {
		return ToolPlace{}, false
	}
	return k.Places[i], true
}

var checkPurposes = []string{"maintenance", "random", "quality"}

const (
	coldest, hottest = -1000, 1000 // tenths of a degree Celsius
	mostSampled      = 500
)

// check returns one *domain.InvalidError for each fault, joined.
func (k Keeping) check() error {
	c := &checker{}
	if k.StocktakeMonths < 1 || k.StocktakeMonths > longestMonths {
		c.fault("/stocktake_months", "CHK-01", "policy.months_out_of_range", "most", longestMonths)
	}
	if r := k.Climate; r.LowTenthsC < coldest || r.HighTenthsC > hottest || r.LowTenthsC >= r.HighTenthsC {
		c.fault("/climate", "INS-03", "policy.climate_out_of_range")
	}
	if h := k.Climate.HumidityPercent; h < 1 || h > 100 {
		c.fault("/climate/humidity_percent", "INS-03", "policy.climate_out_of_range")
	}
	seen := map[[2]string]bool{}
	for i, p := range k.Checks {
		at := "/checks/" + strconv.Itoa(i)
		if !slices.Contains(checkPurposes, p.Purpose) {
			c.fault(at+"/purpose", "INS-08", "policy.purpose_unknown", "purpose", p.Purpose)
		}
		if p.Months < 1 || p.Months > longestMonths {
			c.fault(at+"/months", "INS-08", "policy.months_out_of_range", "most", longestMonths)
		}
		if p.Sample < 0 || p.Sample > mostSampled {
			c.fault(at+"/sample", "INS-08", "policy.sample_out_of_range", "most", mostSampled)
		}
		if key := [2]string{p.Kind, p.Purpose}; seen[key] {
			c.fault(at, "INS-08", "policy.check_repeated", "kind", p.Kind, "purpose", p.Purpose)
		} else {
			seen[key] = true
		}
	}
	if l := k.Ledgers; l != nil { // CHK-05
		if l.Answers == "" || len(l.Supervisors) == 0 || slices.Contains(l.Supervisors, "") {
			c.fault("/ledgers", "CHK-05", "supervision.post_missing")
		}
		if l.Months < 1 || l.Months > longestMonths {
			c.fault("/ledgers/months", "CHK-05", "policy.months_out_of_range", "most", longestMonths)
		}
	}
	codes := make([]Code, len(k.Places))
	for i, p := range k.Places {
		codes[i] = Code{Code: p.Code}
		if p.Store == "" {
			c.fault("/places/"+strconv.Itoa(i)+"/store", "INS-04", "policy.store_missing")
		}
	}
	c.faults = append(c.faults, repeated("places", "INS-04", codes)...)
	return errors.Join(c.faults...)
}
