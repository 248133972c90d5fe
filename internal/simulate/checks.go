package simulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Fact is an event as the checks read it: with nothing of the domain's own types.
type Fact struct {
	Stream     string // "fl.tool-…"
	Revision   uint64 // in the stream
	Type       string
	Actor      string // person id, or "system"
	Site       string
	OccurredAt time.Time
	RecordedAt time.Time
	Data       map[string]any
}

// Category is what kind of stream the fact is in, "tool".
func (f Fact) Category() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(f.Stream, "fl."), "-")
	return name
}

// Read makes a fact of what is stored.
func Read(r eventschemas.Recorded) (Fact, error) {
	var meta struct {
		Site  string `json:"site"`
		Actor struct {
			Person string `json:"person"`
		} `json:"actor"`
		OccurredAt time.Time `json:"occurred_at"`
		RecordedAt time.Time `json:"recorded_at"`
	}
	if err := json.Unmarshal(r.Meta, &meta); err != nil {
		return Fact{}, fmt.Errorf("read envelope in %s: %w", r.Stream, err)
	}
	f := Fact{Stream: r.Stream, Revision: r.Revision, Type: r.Type, Actor: meta.Actor.Person, Site: meta.Site, OccurredAt: meta.OccurredAt, RecordedAt: meta.RecordedAt}
	d := json.NewDecoder(strings.NewReader(string(r.Data)))
	d.UseNumber()
	if err := d.Decode(&f.Data); err != nil {
		return Fact{}, fmt.Errorf("read event in %s: %w", r.Stream, err)
	}
	return f, nil
}

// text, whole, yes and who read members; what is not there is the zero value.
func text(d map[string]any, name string) string { v, _ := d[name].(string); return v }
func yes(d map[string]any, name string) bool    { v, _ := d[name].(bool); return v }

func whole(d map[string]any, name string) int64 {
	n, _ := d[name].(json.Number)
	v, _ := n.Int64()
	return v
}

func who(d map[string]any, name string) string {
	h, _ := d[name].(map[string]any)
	return text(h, "kind") + " " + text(h, "who")
}

func rows(d map[string]any, name string) []map[string]any {
	all, _ := d[name].([]any)
	var out []map[string]any
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Result is what a check found.
type Result struct {
	Name   string   // what must hold, a word of docs/simulate.md
	Looked int      // how many things were looked at
	Faults []string // what did not hold
}

// Check holds the facts of a whole log against what must always be so.
func Check(w *World, facts []Fact) []Result {
	return []Result{
		custody(w, facts), stock(facts), inspected(w, facts), instalments(facts), caps(w, facts), approvals(facts), refusals(w),
	}
}

// notOne names the tools that have not exactly one custodian (TOL-03).
func notOne(when string, holders map[string][]string) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(holders)) {
		if n := len(holders[id]); n != 1 {
			out = append(out, fmt.Sprintf("%s: tool %s has %d custodians", when, id, n))
		}
	}
	return out
}

// custody follows each tool from hand to hand: who gives is who had it, and
// what the API answered about past moments was one custodian each (TOL-03, TOL-14).
func custody(w *World, facts []Fact) Result {
	r := Result{Name: "custody", Looked: w.Samples, Faults: slices.Clone(w.Custody)}
	has := map[string]string{}
	for _, f := range facts {
		if f.Category() != "tool" {
			continue
		}
		r.Looked++
		now := has[f.Stream]
		if _, names := f.Data["from"]; names && who(f.Data, "from") != now {
			r.Faults = append(r.Faults, fmt.Sprintf("%s: %s from %s, but %s had it", f.Stream, f.Type, who(f.Data, "from"), now))
		}
		if (f.Type == "tool.issued.v1" || f.Type == "tool.lent.v1") && !strings.HasPrefix(now, "store ") { // TOL-14
			r.Faults = append(r.Faults, f.Stream+": "+f.Type+" while "+now+" has it")
		}
		if next := custodian(f); next != "" {
			if now == "" && f.Type != "tool.registered.v1" {
				r.Faults = append(r.Faults, f.Stream+": "+f.Type+" before it was registered")
			}
			if f.Type == "tool.registered.v1" && now != "" {
				r.Faults = append(r.Faults, f.Stream+": registered twice")
			}
			has[f.Stream] = next
		}
	}
	return r
}

// custodian is who has a tool after a fact; "" if that does not change.
func custodian(f Fact) string {
	switch f.Type {
	case "tool.registered.v1", "tool.accepted.v1", "tool.lent.v1", "tool.handed_over.v1", "tool.exchanged.v1", "tool.sent_to_repair.v1":
		return who(f.Data, "holder")
	case "tool.returned.v1", "tool.found.v1":
		return "store " + text(f.Data, "store")
	case "tool.reported_missing.v1", "tool.scrapped.v1":
		return "nobody "
	}
	return ""
}

// stock adds up each card by lot: it is never below nothing (STK-05).
func stock(facts []Fact) Result {
	r := Result{Name: "stock"}
	lots := map[string]int64{}
	for _, f := range facts {
		if f.Category() != "stock" {
			continue
		}
		r.Looked++
		move := func(d map[string]any, by int64) {
			key := f.Stream + " " + text(d, "lot") + " " + text(d, "condition")
			if lots[key] += by; lots[key] < 0 {
				r.Faults = append(r.Faults, fmt.Sprintf("%s: %d pieces after %s of %s", key, lots[key], f.Type, f.OccurredAt.Format(time.DateOnly)))
			}
		}
		switch f.Type {
		case "stock.opened.v1":
			for _, lot := range rows(f.Data, "lots") {
				move(lot, whole(lot, "pieces"))
			}
		case "stock.received.v1":
			move(f.Data, whole(f.Data, "pieces"))
		case "stock.adjusted.v1":
			move(f.Data, whole(f.Data, "delta"))
		case "stock.issued.v1":
			for _, lot := range rows(f.Data, "taken") {
				move(lot, -whole(lot, "pieces"))
			}
		}
	}
	return r
}

// inspected looks at each issue and loan: nothing goes out past its inspection,
// failed, or never inspected where it has to be (INS-02).
func inspected(w *World, facts []Fact) Result {
	r := Result{Name: "inspection"}
	needs := map[string]bool{}
	for _, st := range w.Sites {
		for _, k := range st.Kinds {
			if k.InspectMonths > 0 {
				needs[st.Code+"/"+k.Code] = true
			}
		}
	}
	must, results := map[string]bool{}, map[string][]result{}
	for _, f := range facts {
		switch f.Type {
		case "tool.registered.v1":
			must[f.Stream] = needs[f.Site+"/"+text(f.Data, "kind")]
		case "tool.inspected.v1":
			until := text(f.Data, "next")
			if !yes(f.Data, "passed") {
				until = "0000"
			}
			results[f.Stream] = append(results[f.Stream], result{f.Revision, until})
		case "record.struck.v1":
			struck := uint64(max(0, whole(f.Data, "revision")))
			results[f.Stream] = slices.DeleteFunc(results[f.Stream], func(r result) bool { return r.revision == struck })
		case "tool.issued.v1", "tool.lent.v1":
			r.Looked++
			last, known := "", len(results[f.Stream]) > 0
			if known {
				last = results[f.Stream][len(results[f.Stream])-1].until
			}
			if known && last != "" && last < day(f.OccurredAt) || must[f.Stream] && !known {
				r.Faults = append(r.Faults, fmt.Sprintf("%s: %s on %s, good until %q", f.Stream, f.Type, day(f.OccurredAt), last))
			}
		}
	}
	return r
}

// result is an inspection and the day until which it is good, "" for ever.
type result struct {
	revision uint64
	until    string
}

// account is what a person owes for one loss, in fen.
type account struct{ owed, deducted, cancelled, refunded int64 }

// personOf is the person of a deduction account's stream.
func personOf(stream string) string {
	name := strings.TrimPrefix(stream, "fl.deduction-account-")
	return name[:max(0, strings.LastIndex(name, "-"))]
}

// instalments adds up what is owed and what was taken: the shares are the loss,
// and the instalments are never more than the share, to the fen (LOS-08, LOS-09).
func instalments(facts []Fact) Result {
	r := Result{Name: "instalments"}
	accounts, entered, approved := map[string]*account{}, map[string]int64{}, map[string]int64{}
	fault := func(f string, args ...any) { r.Faults = append(r.Faults, fmt.Sprintf(f, args...)) }
	for _, f := range facts {
		switch key := personOf(f.Stream) + " " + text(f.Data, "loss"); f.Type {
		case "loss.approved.v1":
			loss, sum := strings.TrimPrefix(f.Stream, "fl.loss-"), int64(0)
			for _, share := range rows(f.Data, "shares") {
				sum += whole(share, "amount_fen")
			}
			if approved[loss] = whole(f.Data, "amount_fen"); sum != approved[loss] {
				fault("loss %s: shares are %d of %d fen", loss, sum, approved[loss])
			}
		case "deduction.entered.v1":
			accounts[key] = &account{owed: whole(f.Data, "amount_fen")}
			entered[text(f.Data, "loss")] += whole(f.Data, "amount_fen")
		case "deduction.posted.v1":
			for _, e := range rows(f.Data, "entries") {
				a := accounts[personOf(f.Stream)+" "+text(e, "loss")]
				if a == nil {
					fault("%s: deducted for %s, which is not owed", f.Stream, text(e, "loss"))
					continue
				}
				r.Looked++
				if a.deducted += whole(e, "amount_fen"); a.deducted < 0 || a.deducted+a.cancelled > a.owed {
					fault("%s: %d of %d fen deducted for %s", f.Stream, a.deducted, a.owed, text(e, "loss"))
				}
			}
		case "deduction.cancelled.v1":
			if a := accounts[key]; a != nil {
				a.cancelled, a.refunded = whole(f.Data, "cancelled_fen"), whole(f.Data, "refund_fen")
				if a.deducted+a.cancelled != a.owed || a.refunded > a.deducted {
					fault("%s: %d deducted, %d cancelled, %d refunded of %d fen", f.Stream, a.deducted, a.cancelled, a.refunded, a.owed)
				}
			}
		}
	}
	for _, loss := range slices.Sorted(maps.Keys(approved)) {
		if r.Looked++; entered[loss] != approved[loss] {
			fault("loss %s: %d fen are owed of %d approved", loss, entered[loss], approved[loss])
		}
	}
	return r
}

// caps holds each month against the wage that was posted: at most the share of
// it, and at least the minimum wage is left (LOS-08).
func caps(w *World, facts []Fact) Result {
	r := Result{Name: "wages"}
	people := w.people()
	taken := map[string]int64{}
	for _, f := range facts {
		if f.Type != "deduction.posted.v1" {
			continue
		}
		r.Looked++
		month, person := text(f.Data, "month"), people[personOf(f.Stream)]
		key := f.Stream + " " + month
		for _, e := range rows(f.Data, "entries") {
			taken[key] += whole(e, "amount_fen")
		}
		if person == nil {
			r.Faults = append(r.Faults, f.Stream+": of nobody")
			continue
		}
		wage := person.wage(month, f.RecordedAt)
		switch took := taken[key]; {
		case took != whole(f.Data, "taken_fen"):
			r.Faults = append(r.Faults, fmt.Sprintf("%s: %d fen by its entries, %d by its sum", key, took, whole(f.Data, "taken_fen")))
		case took > 0 && (took*5 > wage || wage-took < w.minimum(person.Site)):
			r.Faults = append(r.Faults, fmt.Sprintf("%s: %s: %d of a wage of %d fen", key, f.RecordedAt.Format(time.RFC3339), took, wage))
		}
	}
	return r
}

// wage is what was posted last for a month by then.
func (p *Person) wage(month string, by time.Time) int64 {
	fen := int64(0)
	for _, w := range p.Wages[month] {
		if !w.At.After(by.Add(time.Second)) {
			fen = w.Fen
		}
	}
	return fen
}

func (w *World) minimum(site string) int64 {
	for _, st := range w.Sites {
		if st.Code == site {
			return st.Minimum
		}
	}
	return 0
}

// approvals looks who approved what: never who proposed it, and never who pays (LOS-07).
func approvals(facts []Fact) Result {
	r := Result{Name: "approvals"}
	by := map[string]string{}
	for _, f := range facts {
		switch f.Type {
		case "loss.proposed.v1":
			by[f.Stream] = text(f.Data, "by")
		case "loss.approved.v1":
			r.Looked++
			approver := text(f.Data, "by")
			if approver == by[f.Stream] || approver != f.Actor {
				r.Faults = append(r.Faults, f.Stream+": approved by "+approver+", who proposed it or did not act")
			}
			for _, share := range rows(f.Data, "shares") {
				if text(share, "person") == approver {
					r.Faults = append(r.Faults, f.Stream+": approved by "+approver+", who pays")
				}
			}
		}
	}
	return r
}

// refusals is what was tried on purpose and must have been refused.
func refusals(w *World) Result {
	return Result{Name: "refusals", Looked: w.Tried, Faults: slices.Clone(w.Slipped)}
}

// Counts is how many events of each type there are.
func Counts(facts []Fact) map[string]int {
	out := map[string]int{}
	for _, f := range facts {
		out[f.Type]++
	}
	return out
}

// desk are the prefixes of types that are no part of the tool side.
var desk = []string{"ticket.", "view.", "policy.", "site.", "team.", "claim.", "number.", "process.", "person.registered", "record."}

// Missing names the types of the tool side that did not occur.
func Missing(counts map[string]int) []string {
	var out []string
	for _, t := range eventschemas.Types() {
		if counts[t.Name] == 0 && !slices.ContainsFunc(desk, func(p string) bool { return strings.HasPrefix(t.Name, p) }) {
			out = append(out, t.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
