package stocktake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/domain"
)

// count compares what was scanned with the frozen list. Of a tool that is not
// where the list says, custody as of the result says whether it was moved by
// the book during the count, which is no difference.
func count(s State, c Count) ([]Event, error) {
	if err := s.in(Ended); err != nil {
		return nil, err
	}
	if len(c.Sessions) != len(s.Sessions) { // each was closed and read
		return nil, domain.Refuse("CHK-01", "stock.session_unknown")
	}
	r, items := s.compare(c)
	if len(items) > mostDifferences {
		return nil, domain.Refuse("CHK-01", "stock.too_many_differences", "most", mostDifferences, "count", len(items))
	}
	digest, err := digestOf(r, items)
	if err != nil {
		return nil, err
	}
	r.Digest = digest
	events := []Event{r}
	for part := 0; part*ListLimit < len(items); part++ {
		events = append(events, Differed{Round: s.Round, Part: part, Items: items[part*ListLimit : min((part+1)*ListLimit, len(items))]})
	}
	return events, nil
}

// seen is what was scanned of one number.
type seen struct {
	first  Counting
	broken bool
	twice  bool
}

// scanned gathers the scans that count by number: of one that was counted
// again those since (CHK-01).
func (s State) scanned(scans []Counting) map[string]seen {
	out := make(map[string]seen, len(scans))
	for _, n := range scans {
		if n.Round < s.RoundOf[n.Number] {
			continue
		}
		x, again := out[n.Number]
		if !again {
			x.first = n
		}
		x.twice = x.twice || again && x.first.Scanner != n.Scanner
		x.broken = x.broken || n.Condition == Broken // the worst of several
		out[n.Number] = x
	}
	return out
}

func (s State) compare(c Count) (Counted, []Difference) {
	r := Counted{At: c.At, Round: s.Round, AsOf: c.AsOf, Sessions: c.Sessions}
	if r.Sessions == nil {
		r.Sessions = []Session{}
	}
	known := make(map[string]Known, len(c.Known))
	for _, k := range c.Known {
		known[k.Number] = k
	}
	scanned := s.scanned(c.Scans)
	var items []Difference
	for _, e := range s.Expected {
		x, there := scanned[e.Number]
		delete(scanned, e.Number)
		r.Twice += flag(x.twice)
		d := differing(e, x, known[e.Number])
		switch {
		case there && !x.broken:
			r.Found++
			continue
		case there:
			d.Kind = Damaged
			r.Damaged++
		case d.Holder != e.Holder: // somebody else's by now, by the book
			d.Kind = Moved
			r.Moved++
		default:
			d.Kind = Missing
			r.Missing++
		}
		items = append(items, d)
	}
	for number, x := range scanned {
		k, exists := known[number]
		r.Twice += flag(x.twice)
		d := differing(Expected{Number: number, Holder: custodian}, x, k)
		switch {
		case !exists:
			d.Kind, d.BelongsTo = Unknown, c.Elsewhere[number] // whose it is, and no more (CHK-01)
			r.Unknown++
		case s.Scope.Covers(k.Holder) && !x.broken:
			d.Kind = Moved
			r.Moved++
		case s.Scope.Covers(k.Holder):
			d.Kind = Damaged
			r.Damaged++
		default:
			d.Kind = Unexpected
			r.Unexpected++
		}
		items = append(items, d)
	}
	slices.SortFunc(items, func(a, b Difference) int { return cmp.Compare(a.Number, b.Number) })
	r.Items = len(items)
	return r, items
}

// InQuestion returns the numbers of which the ledger is to be asked: those that
// are listed and were not scanned, and those that were scanned and are not
// listed or not sound; sorted.
func (s State) InQuestion(scans []Counting) []string {
	scanned := s.scanned(scans)
	out := []string{}
	for _, e := range s.Expected {
		x, there := scanned[e.Number]
		if delete(scanned, e.Number); !there || x.broken {
			out = append(out, e.Number)
		}
	}
	for number := range scanned {
		out = append(out, number)
	}
	slices.Sort(out)
	return out
}

// differing describes a number by the list, the scan and the ledger.
func differing(e Expected, x seen, k Known) Difference {
	d := Difference{Tool: e.Tool, Number: e.Number, Holder: e.Holder, Scanner: x.first.Scanner, Place: x.first.Place, Broken: x.broken}
	if k.Number != "" {
		d.Tool, d.Holder, d.Home, d.Revision = k.Tool, k.Holder, k.Home, k.Revision
	}
	return d
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// digestOf is the hex SHA-256 of a result and its list of differences.
func digestOf(r Counted, items []Difference) (string, error) {
	b, err := json.Marshal(struct {
		Result Counted
		Items  []Difference
	}{r, items})
	if err != nil {
		return "", fmt.Errorf("encode result: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
