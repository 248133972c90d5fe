package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

// Authority is the content of KindAuthority: who decides what in service work,
// by act, amount and unit (POL-10). It has no default (POL-08). Other kinds
// name the approvers of tools, purchases, scrap and losses themselves.
type Authority struct {
	Lines []AuthorityLine `json:"lines"`
}

// AuthorityLine says whose decision an act is from an amount on.
type AuthorityLine struct {
	Act     Act      `json:"act"`
	Unit    string   `json:"unit,omitempty"` // team id; "" for every unit without a line of its own
	FromFen int64    `json:"from_fen"`       // CNY, included; 0 for acts without an amount
	Roles   []string `json:"roles"`          // any one of them decides
}

// Act is what is decided in service work.
type Act string

// The acts that are asked for.
const (
	ActCharge Act = "charge"        // what is charged for work on a ticket; its amount is the charge
	ActFree   Act = "waive_charge"  // a paid or contract ticket becomes one that nobody pays; without an amount
	ActClass  Act = "service_class" // any other change of the service class; without an amount
)

func acts() []Act { return []Act{ActCharge, ActFree, ActClass} }

// Decided says by which line of a matrix somebody decided. The zero value is
// without a matrix.
type Decided struct {
	Role   string            // of the actor, that the line names
	Policy *domain.PolicyRef // of authority, in force then
}

// Line returns the line that holds for an act of a unit over an amount: of
// those of the unit, else of those of all, the one from the highest amount on.
func (a Authority) Line(act Act, unit string, fen int64) (AuthorityLine, bool) {
	best, found := AuthorityLine{}, false
	for _, l := range a.Lines {
		if l.Act != act || l.FromFen > fen || l.Unit != "" && l.Unit != unit {
			continue
		}
		own, better := l.Unit != "", best.Unit != ""
		if !found || own && !better || own == better && l.FromFen > best.FromFen {
			best, found = l, true
		}
	}
	return best, found
}

// Decides answers who decides, in one place for every act: whether somebody
// with these roles may decide an act of a unit over an amount at a site, and by
// which line (POL-10). A *domain.RuleError of POL-10 names the roles that may;
// one of POL-08 the matrix that a site under S4 has not loaded, or the act that
// its matrix does not name. A site under no such regulation that has loaded
// none needs none.
func (b *Book) Decides(site, unit string, act Act, fen int64, roles []string, at time.Time) (Decided, error) {
	v, ok := b.InForce(KindAuthority, site, at)
	if !ok {
		if !needsAuthority(b.SetOf(site, at)) {
			return Decided{}, nil
		}
		return Decided{}, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(KindAuthority))
	}
	line, ok := v.authority.Line(act, unit, fen)
	if !ok {
		return Decided{}, domain.Refuse("POL-08", "policy.act_missing", "act", string(act))
	}
	i := slices.IndexFunc(line.Roles, func(r string) bool { return slices.Contains(roles, r) })
	if i < 0 {
		return Decided{}, domain.Refuse("POL-10", "approval.role_missing", "role", line.Roles)
	}
	ref := v.Ref()
	return Decided{Role: line.Roles[i], Policy: &ref}, nil
}

// needsAuthority reports whether a set follows S4, whose article 4 leaves
// approvals to the company's matrix (POL-10).
func needsAuthority(set string) bool {
	return slices.ContainsFunc(Sets(), func(s Set) bool { return s.Name == set && slices.Contains(s.Sources, "S4") })
}

// MarshalJSON writes missing lists as [].
func (a Authority) MarshalJSON() ([]byte, error) {
	type plain Authority
	lines := make([]AuthorityLine, len(a.Lines))
	for i, l := range a.Lines {
		l.Roles = append([]string{}, l.Roles...)
		lines[i] = l
	}
	a.Lines = lines
	return json.Marshal(plain(a))
}

func readAuthority(raw json.RawMessage) (content, error) {
	var a Authority
	if err := decode(raw, &a); err != nil {
		return content{}, err
	}
	return content{authority: a, typed: a}, a.check()
}

// check returns one *domain.InvalidError for each fault, joined.
func (a Authority) check() error {
	c := &checker{}
	type key struct {
		act  Act
		unit string
		fen  int64
	}
	seen := map[key]bool{}
	for i, l := range a.Lines {
		at := "/lines/" + strconv.Itoa(i)
		if !slices.Contains(acts(), l.Act) {
			c.fault(at+"/act", "POL-10", "policy.act_unknown", "act", string(l.Act))
		}
		if l.FromFen < 0 {
			c.fault(at+"/from_fen", "POL-10", "policy.amount_negative")
		}
		if len(l.Roles) == 0 || slices.Contains(l.Roles, "") {
			c.fault(at+"/roles", "POL-10", "policy.role_missing")
		}
		if k := (key{l.Act, l.Unit, l.FromFen}); seen[k] {
			c.fault(at, "POL-10", "policy.line_repeated", "act", string(l.Act))
		} else {
			seen[k] = true
		}
	}
	return errors.Join(c.faults...)
}
