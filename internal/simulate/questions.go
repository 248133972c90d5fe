package simulate

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Answers are what the API said to the auditor's questions, one request each.
type Answers struct {
	Held   []Held
	Months []Month
	Lapsed []Lapsed
}

// Held is who had a tool at a moment, as it was known then.
type Held struct {
	Tool     string // id
	At, AsOf time.Time
	Holder   string // kind and who
}

// Month is why so much was deducted from a person with the wage of a month.
type Month struct {
	Person, Month string
	Answer        explanation
}

// Lapsed are the safety tools of a site that were in use past their inspection
// in a quarter: the days, by number.
type Lapsed struct {
	Site, From, To string
	Days           map[string][]string
}

type explanation struct {
	DeductedFen int64 `json:"deducted_fen"`
	RefundedFen int64 `json:"refunded_fen"`
	Lines       []struct {
		Kind  string  `json:"kind"`
		Event logMark `json:"event"`
		Wage  struct {
			Value *string `json:"value"`
		} `json:"wage"`
		TakenFen int64 `json:"taken_fen"`
		Entries  []struct {
			Loss      string `json:"loss"`
			AmountFen int64  `json:"amount_fen"`
		} `json:"entries"`
	} `json:"lines"`
	Losses []struct {
		Loss struct {
			ID       string `json:"id"`
			Approval *struct {
				AmountFen int64 `json:"amount_fen"`
			} `json:"approval"`
		} `json:"loss"`
		Events []logMark `json:"events"`
	} `json:"losses"`
}

// logMark says which event of the log an answer rests on.
type logMark struct {
	Stream   string `json:"stream"`
	Revision uint64 `json:"revision"`
	Type     string `json:"type"`
}

// Ask asks the auditor's questions of everything that is in the log: of each
// tool on a day at 14:00, and around what was entered late; of each month from
// which something was deducted or went back; of each quarter.
func (s *Simulator) Ask(ctx context.Context, facts []Fact) (Answers, error) {
	var out Answers
	if err := s.in.Settle(ctx); err != nil {
		return out, err
	}
	err := firstError(
		func() (err error) { out.Held, err = s.askHeld(ctx, facts); return err },
		func() (err error) { out.Months, err = s.askMonths(ctx, facts); return err },
		func() (err error) { out.Lapsed, err = s.askLapsed(ctx); return err },
	)
	return out, err
}

// askHeld asks who held a tool at a moment, as it was known then and as it is known now.
func (s *Simulator) askHeld(ctx context.Context, facts []Fact) ([]Held, error) {
	draw := rand.New(rand.NewPCG(s.w.Seed, 0x61756469)) //nolint:gosec // the same each time
	sites := map[string]*Site{}
	for _, st := range s.w.Sites {
		sites[st.Code] = st
	}
	var out []Held
	now := s.in.Now()
	ask := func(f Fact, at, asOf time.Time) error {
		var page toolPage
		h := Held{Tool: strings.TrimPrefix(f.Stream, "fl.tool-"), At: at, AsOf: asOf}
		query := url.Values{"at": {instant(at)}}
		if asOf.Before(now) { // what is known now is asked for with no more words
			query.Set("as_of", instant(asOf))
		}
		err := s.get(ctx, sites[f.Site].one("auditor"), "/v1/tools/"+h.Tool+"?"+query.Encode(), &page)
		h.Holder = page.Tool.Holder.Kind + " " + page.Tool.Holder.Who
		out = append(out, h)
		return err
	}
	for _, f := range facts {
		at := f.OccurredAt
		switch {
		case f.Type == "tool.registered.v1":
			first := f.RecordedAt.In(Zone())
			days := max(1, int(now.Sub(first).Hours()/24))
			at = time.Date(first.Year(), first.Month(), first.Day()+1+draw.IntN(days), 14, 0, 0, 0, Zone())
			if at.After(now) {
				continue
			}
		case custodian(f) == "" || f.RecordedAt.Sub(f.OccurredAt) < time.Hour: // entered when it happened
			continue
		}
		for _, asOf := range []time.Time{at, now} {
			if err := ask(f, at, asOf); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// askMonths asks why so much was deducted, of each month of each person that has any.
func (s *Simulator) askMonths(ctx context.Context, facts []Fact) ([]Month, error) {
	var out []Month
	sites := map[string]*Site{}
	for _, st := range s.w.Sites {
		for _, p := range st.People {
			sites[p.ID] = st
		}
	}
	for _, key := range slices.Sorted(maps.Keys(deducted(facts))) {
		person, month, _ := strings.Cut(key, " ")
		m := Month{Person: person, Month: month}
		if err := s.get(ctx, sites[person].one("hr"), "/v1/persons/"+person+"/deductions/explanation?month="+month, &m.Answer); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// askLapsed asks which safety tools were in use past their inspection, by quarter.
func (s *Simulator) askLapsed(ctx context.Context) ([]Lapsed, error) {
	var out []Lapsed
	for _, st := range s.w.Sites {
		for from := s.w.Started; !from.After(s.today()); from = from.AddDate(0, 3, 0) {
			l := Lapsed{Site: st.Code, From: day(from), To: day(from.AddDate(0, 3, -1)), Days: map[string][]string{}}
			rows, err := list[struct {
				Number    string `json:"number"`
				Stretches []struct {
					From string `json:"from"`
					To   string `json:"to"`
				} `json:"stretches"`
			}](ctx, s, st.one("auditor"), "/v1/inspections/lapsed?site="+st.Code+"&category=safety&from="+l.From+"&to="+l.To)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				for _, x := range r.Stretches {
					l.Days[r.Number] = append(l.Days[r.Number], civil(x.From, x.To)...)
				}
				slices.Sort(l.Days[r.Number])
				l.Days[r.Number] = slices.Compact(l.Days[r.Number])
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// civil are the days from one to another.
func civil(from, to string) []string {
	var out []string
	for d, err := time.Parse(time.DateOnly, from); err == nil && d.Format(time.DateOnly) <= to; d = d.AddDate(0, 0, 1) {
		out = append(out, d.Format(time.DateOnly))
	}
	return out
}

// CheckAnswers holds the answers against what the facts of the log say.
func CheckAnswers(w *World, facts []Fact, a Answers) []Result {
	return []Result{holders(facts, a.Held), explained(w, facts, a.Months), overdue(facts, a.Lapsed)}
}

// holders folds each asked tool anew: of what was known by then, what had
// happened by then, in the order in which it happened (TOL-03, AUD-03).
func holders(facts []Fact, asked []Held) Result {
	r := Result{Name: "asked_holder"}
	streams := map[string][]Fact{}
	for _, f := range facts {
		streams[f.Stream] = append(streams[f.Stream], f)
		if f.Type == "exchange.completed.v1" { // one event moves both tools; their own streams have it later (EXC-06)
			for _, move := range rows(f.Data, "moves") {
				moved := f
				moved.Stream, moved.Revision, moved.Data = "fl.tool-"+text(move, "tool"), 0, move
				streams[moved.Stream] = append(streams[moved.Stream], moved)
			}
		}
	}
	for _, h := range asked {
		r.Looked++
		known := slices.DeleteFunc(slices.Clone(streams["fl.tool-"+h.Tool]), func(f Fact) bool { return f.RecordedAt.After(h.AsOf) })
		had := "nobody knows"
		for _, f := range standing(known) {
			next := custodian(f)
			if f.Type == "exchange.completed.v1" {
				next = who(f.Data, "to")
			}
			if next != "" && !f.OccurredAt.After(h.At) {
				had = next
			}
		}
		if had != h.Holder {
			r.Faults = append(r.Faults, fmt.Sprintf("tool %s at %s as of %s: the answer is %s, the log says %s", h.Tool, instant(h.At), instant(h.AsOf), h.Holder, had))
		}
	}
	return r
}

// standing are the facts of a stream that nobody struck, in the order in which they happened.
func standing(facts []Fact) []Fact {
	struck := map[uint64]bool{}
	for _, f := range facts {
		if f.Type == "record.struck.v1" {
			struck[uint64(max(0, whole(f.Data, "revision")))] = true
		}
	}
	out := slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return struck[f.Revision] })
	slices.SortStableFunc(out, func(a, b Fact) int { return a.OccurredAt.Compare(b.OccurredAt) })
	return out
}

// taken is what a month took from a person, by loss, and what went back with its wage.
type taken struct {
	byLoss map[string]int64
	back   int64
	last   int64 // that the month gives, by the last posting
}

// deducted adds up each month of each person; the key is both.
func deducted(facts []Fact) map[string]*taken {
	out := map[string]*taken{}
	of := func(f Fact) *taken {
		key := personOf(f.Stream) + " " + text(f.Data, "month")
		if out[key] == nil {
			out[key] = &taken{byLoss: map[string]int64{}}
		}
		return out[key]
	}
	for _, f := range facts {
		switch f.Type {
		case "deduction.posted.v1":
			t := of(f)
			t.last = whole(f.Data, "taken_fen")
			for _, e := range rows(f.Data, "entries") {
				t.byLoss[text(e, "loss")] += whole(e, "amount_fen")
			}
		case "deduction.cancelled.v1":
			of(f).back += whole(f.Data, "refund_fen")
		}
	}
	return out
}

// explained holds each explanation against the log: the sums to the fen, the
// wage that was posted, each loss with the amount that was approved, and every
// event that it names (LOS-08, AUD-05).
func explained(w *World, facts []Fact, asked []Month) Result {
	r := Result{Name: "asked_deduction"}
	sums, log, approved := deducted(facts), map[logMark]Fact{}, map[string]int64{}
	for _, f := range facts {
		log[logMark{f.Stream, f.Revision, f.Type}] = f
		if f.Type == "loss.approved.v1" {
			approved[strings.TrimPrefix(f.Stream, "fl.loss-")] = whole(f.Data, "amount_fen")
		}
	}
	people := w.people()
	for _, m := range asked {
		fault := func(f string, args ...any) {
			r.Faults = append(r.Faults, m.Person+" in "+m.Month+": "+fmt.Sprintf(f, args...))
		}
		t := sums[m.Person+" "+m.Month]
		r.Looked++
		if t == nil {
			fault("the log knows of nothing")
			continue
		}
		sum, byLoss, last := int64(0), map[string]int64{}, int64(0)
		for _, n := range t.byLoss {
			sum += n
		}
		if m.Answer.DeductedFen != sum || m.Answer.RefundedFen != t.back {
			fault("%d fen deducted and %d refunded, %d and %d by the log", m.Answer.DeductedFen, m.Answer.RefundedFen, sum, t.back)
		}
		for _, l := range m.Answer.Lines {
			f, there := log[l.Event]
			if !there {
				fault("it names an event that is not in the log: %v", l.Event)
			}
			if l.Kind != "posted" && l.Kind != "corrected" {
				continue
			}
			last = l.TakenFen
			for _, e := range l.Entries {
				byLoss[e.Loss] += e.AmountFen
			}
			if p := people[m.Person]; p == nil || l.Wage.Value == nil || *l.Wage.Value != strconv.FormatInt(p.wage(m.Month, f.RecordedAt), 10) {
				fault("not the wage that was posted: %v", l.Wage.Value)
			}
		}
		if !maps.Equal(byLoss, t.byLoss) || last != t.last {
			fault("by loss %v and %d in all, %v and %d by the log", byLoss, last, t.byLoss, t.last)
		}
		for _, l := range m.Answer.Losses {
			delete(byLoss, l.Loss.ID)
			if l.Loss.Approval == nil || l.Loss.Approval.AmountFen != approved[l.Loss.ID] {
				fault("loss %s is not explained by the approval of %d fen", l.Loss.ID, approved[l.Loss.ID])
			}
			proved := false
			for _, e := range l.Events {
				_, there := log[e]
				proved = proved || there && e.Type == "loss.approved.v1" && e.Stream == "fl.loss-"+l.Loss.ID
				if !there {
					fault("it names an event that is not in the log: %v", e)
				}
			}
			if !proved {
				fault("the approval of loss %s is not among the events", l.Loss.ID)
			}
		}
		if len(byLoss) > 0 {
			fault("losses that are not explained: %v", byLoss)
		}
	}
	return r
}

func (w *World) people() map[string]*Person {
	out := map[string]*Person{}
	for _, st := range w.Sites {
		for _, p := range st.People {
			out[p.ID] = p
		}
	}
	return out
}

// overdue looks at each day by itself: somebody had the tool on it, and the last
// inspection until then does not reach so far (INS-02).
func overdue(facts []Fact, asked []Lapsed) Result {
	r := Result{Name: "asked_overdue"}
	tools, end := map[string][]Fact{}, ""
	for _, f := range facts {
		end = max(end, day(f.RecordedAt))
		if f.Type == "tool.registered.v1" && text(f.Data, "category") != "safety" {
			continue
		}
		if f.Category() == "tool" && (tools[f.Stream] != nil || f.Type == "tool.registered.v1") {
			tools[f.Stream] = append(tools[f.Stream], f)
		}
	}
	for _, l := range asked {
		want := map[string][]string{}
		for _, stream := range slices.Sorted(maps.Keys(tools)) {
			of := standing(tools[stream])
			if of[0].Site != l.Site {
				continue
			}
			r.Looked++
			for _, d := range civil(l.From, min(l.To, end)) {
				if used(of, d) && !good(of, d) {
					want[text(of[0].Data, "number")] = append(want[text(of[0].Data, "number")], d)
				}
			}
		}
		for _, number := range slices.Sorted(maps.Keys(want)) {
			if !slices.Equal(l.Days[number], want[number]) {
				r.Faults = append(r.Faults, fmt.Sprintf("%s from %s to %s: %v by the answer, %v by the log", number, l.From, l.To, l.Days[number], want[number]))
			}
		}
		for _, number := range slices.Sorted(maps.Keys(l.Days)) {
			if want[number] == nil {
				r.Faults = append(r.Faults, fmt.Sprintf("%s from %s to %s: not by the log", number, l.From, l.To))
			}
		}
	}
	return r
}

// used reports whether a person or a crew had the tool on a day, if only for a while.
func used(of []Fact, d string) bool {
	had, since := "", time.Time{}
	theirs := func() bool { return strings.HasPrefix(had, "person ") || strings.HasPrefix(had, "team ") }
	for _, f := range of {
		next := custodian(f)
		if next == "" {
			continue
		}
		if theirs() && f.OccurredAt.After(since) && day(since) <= d && day(f.OccurredAt.Add(-time.Millisecond)) >= d {
			return true
		}
		had, since = next, f.OccurredAt
	}
	return theirs() && day(since) <= d
}

// good reports whether an inspection covers a day.
func good(of []Fact, d string) bool {
	last, until := "", ""
	for _, f := range of {
		if on := text(f.Data, "on"); f.Type == "tool.inspected.v1" && on <= d && on >= last {
			last, until = on, text(f.Data, "next")
		}
	}
	return last != "" && (until >= d || last == d)
}
