package policy

import (
	"errors"
	"slices"
	"strconv"
)

// Compensation is the content of KindCompensation: by which terms a lost or
// damaged tool is paid for, and what a month may take from a wage.
type Compensation struct {
	// Method says what is to be paid: OriginalPrice or ValueLeft (LOS-03).
	Method string `json:"method"`
	// Standard is the site's compensation standard; a kind without a line is paid by Method (LOS-03, EXC-04).
	Standard *Standard `json:"standard,omitempty"`
	// Excuse says what excuses a loss: ExcuseCertificate, which "" means too, or ExcuseGoodCause (LOS-02, LOS-06).
	Excuse   string `json:"excuse,omitempty"`
	FloorPPM int64  `json:"floor_ppm"` // of the price, below which ValueLeft never falls (LOS-04)
	Payers   Payers `json:"payers"`
	// HRAboveFen is the amount above which HR approves; 0: HR approves every amount (LOS-07).
	HRAboveFen int64 `json:"hr_above_fen"`
	// Replacement is what a loss without good cause asks for besides; none: nothing (LOS-06).
	Replacement *Replacement `json:"replacement,omitempty"`
	CapPPM      int64        `json:"cap_ppm"` // of a month's wage, at most (LOS-08)
	// MinimumWageFen is the local minimum wage of a month, which every deduction
	// leaves; 0 is not known, and then nothing is deducted (POL-08).
	MinimumWageFen int64 `json:"minimum_wage_fen"`
	// Points are the shift leader's where production suffers; 0 where there are none (LOS-10).
	Points int64 `json:"points"`
}

// Payers says who pays for a tool by its use (LOS-05).
type Payers struct {
	Personal string `json:"personal"`
	Shared   string `json:"shared"`
	Special  string `json:"special"`
	Pool     string `json:"pool"`
}

// Standard is what a site loads as its compensation standard.
type Standard struct {
	Lines []StandardLine `json:"lines"`
}

// StandardLine says what a tool of a kind is paid with, whatever its price and age.
type StandardLine struct {
	Kind      string `json:"kind"` // code
	AmountFen int64  `json:"amount_fen"`
}

// StandardOf returns what the compensation standard says of a kind; false if it says nothing.
func (c Compensation) StandardOf(kind string) (fen int64, listed bool) {
	if c.Standard == nil {
		return 0, false
	}
	for _, l := range c.Standard.Lines {
		if l.Kind == kind {
			return l.AmountFen, true
		}
	}
	return 0, false
}

// Replacement is how a person replaces what was lost without good cause (LOS-06).
type Replacement struct {
	Days   int  `json:"days"`   // calendar days after the finding
	Lowers bool `json:"lowers"` // the replacement stands for the compensation
}

// Words of Compensation.
const (
	OriginalPrice = "original_price"
	ValueLeft     = "value_left"

	ExcuseCertificate = "certificate" // of the crew, for what was lost on duty for the work; then nothing is paid
	ExcuseGoodCause   = "good_cause"  // then no replacement is asked for, and the compensation stays

	PayerHolder = "holder"       // who had it: user, keeper or borrower
	PayerShift  = "shift"        // the shift on duty, in equal parts
	PayerLeader = "shift_leader" // of that shift
)

// Bounds of Compensation. The cap is the law's; a site may only be stricter.
const (
	million    = 1_000_000
	lawfulCap  = 200_000
	mostDays   = 366
	mostPoints = 1000
	mostFen    = 1_000_000_000_000 // as of a loss
)

// Of returns who pays for a tool of a use.
func (p Payers) Of(use string) string {
	switch use {
	case "shared":
		return p.Shared
	case "special":
		return p.Special
	case "pool":
		return p.Pool
	}
	return p.Personal
}

// check returns one *domain.InvalidError for each fault, joined.
func (c Compensation) check() error {
	k := &checker{}
	if c.Method != OriginalPrice && c.Method != ValueLeft {
		k.fault("/method", "LOS-03", "policy.method_unknown", "method", c.Method)
	}
	if c.FloorPPM < 0 || c.FloorPPM > million {
		k.fault("/floor_ppm", "LOS-04", "policy.share_out_of_range", "most", million)
	}
	if !slices.Contains([]string{"", ExcuseCertificate, ExcuseGoodCause}, c.Excuse) {
		k.fault("/excuse", "LOS-02", "policy.excuse_unknown", "excuse", c.Excuse)
	}
	c.checkStandard(k)
	for _, p := range []struct{ at, payer string }{
		{"/payers/personal", c.Payers.Personal}, {"/payers/shared", c.Payers.Shared}, {"/payers/special", c.Payers.Special}, {"/payers/pool", c.Payers.Pool},
	} {
		if !slices.Contains([]string{PayerHolder, PayerShift, PayerLeader}, p.payer) {
			k.fault(p.at, "LOS-05", "policy.payer_unknown", "payer", p.payer)
		}
	}
	if c.HRAboveFen < 0 {
		k.fault("/hr_above_fen", "LOS-07", "policy.amount_negative")
	}
	if r := c.Replacement; r != nil && (r.Days < 1 || r.Days > mostDays) {
		k.fault("/replacement/days", "LOS-06", "policy.days_out_of_range", "most", mostDays)
	}
	if c.CapPPM < 1 || c.CapPPM > lawfulCap { // LOS-08
		k.fault("/cap_ppm", "LOS-08", "policy.share_out_of_range", "most", lawfulCap)
	}
	if c.MinimumWageFen < 0 {
		k.fault("/minimum_wage_fen", "LOS-08", "policy.amount_negative")
	}
	if c.Points < 0 || c.Points > mostPoints {
		k.fault("/points", "LOS-10", "policy.points_out_of_range", "most", mostPoints)
	}
	return errors.Join(k.faults...)
}

func (c Compensation) checkStandard(k *checker) {
	if c.Standard == nil {
		return
	}
	if len(c.Standard.Lines) == 0 {
		k.fault("/standard/lines", "LOS-03", "policy.code_missing")
	}
	seen := map[string]bool{}
	for i, l := range c.Standard.Lines {
		at := "/standard/lines/" + strconv.Itoa(i)
		switch {
		case l.Kind == "":
			k.fault(at+"/kind", "LOS-03", "policy.code_missing")
		case seen[l.Kind]:
			k.fault(at+"/kind", "LOS-03", "policy.code_repeated", "code", l.Kind)
		}
		if l.AmountFen < 0 || l.AmountFen > mostFen {
			k.fault(at+"/amount_fen", "LOS-03", "policy.amount_out_of_range", "most", mostFen)
		}
		seen[l.Kind] = true
	}
}
