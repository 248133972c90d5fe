package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// outcomes keeps outcomes in memory.
type outcomes struct {
	mu   sync.Mutex
	kept map[uuid.UUID]commands.Outcome
}

func (o *outcomes) Find(_ context.Context, id uuid.UUID) (commands.Outcome, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out, ok := o.kept[id]
	return out, ok, nil
}

func (o *outcomes) Save(_ context.Context, out commands.Outcome) (commands.Outcome, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if first, ok := o.kept[out.Command]; ok {
		return first, nil
	}
	if o.kept == nil {
		o.kept = map[uuid.UUID]commands.Outcome{}
	}
	o.kept[out.Command] = out
	return out, nil
}

// vault seals by turning bytes round: enough to see whether a text was opened.
type vault struct {
	mu      sync.Mutex
	erased  map[uuid.UUID]bool
	reasons []string
}

func (v *vault) Seal(_ context.Context, subject uuid.UUID, field, plaintext string) (domain.Sealed, error) {
	b := []byte(field + "\x00" + plaintext)
	slices.Reverse(b)
	return domain.Sealed{Subject: subject, Key: "k1", Ciphertext: b}, nil
}

func (v *vault) Open(_ context.Context, s domain.Sealed, field string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.erased[s.Subject] {
		return "", commands.ErrErased
	}
	b := slices.Clone(s.Ciphertext)
	slices.Reverse(b)
	of, text, _ := strings.Cut(string(b), "\x00")
	if of != field {
		return "", context.Canceled // sealed under another name
	}
	return text, nil
}

func (v *vault) Prepare(context.Context, []uuid.UUID) error { return nil }

func (v *vault) Digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func (v *vault) Destroy(_ context.Context, subject uuid.UUID, reason string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.erased[subject] = true
	v.reasons = append(v.reasons, reason)
	return nil
}

func (v *vault) seal(subject uuid.UUID, field, text string) domain.Sealed {
	s, _ := v.Seal(context.Background(), subject, field, text)
	return s
}

// accesses keeps looks in memory.
type accesses struct {
	mu    sync.Mutex
	looks []api.Access
	err   error
}

func (a *accesses) Record(_ context.Context, looks []api.Access) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looks = append(a.looks, looks...)
	return a.err
}

// reads is the read side: what it has is what a test puts there. Pages are cut
// by index, and it remembers what it was asked.
type reads struct {
	tickets    []api.SealedTicket
	events     []api.SealedEvent
	verdicts   []api.VerdictExplanation
	persons    []api.SealedPerson
	teams      []api.Team
	sites      []api.Site
	views      []api.SavedView
	rows       []api.SLARow
	facts      []api.SLAFact
	compared   api.ComparisonQuery
	comparison api.Comparison
	tools      []api.Tool
	handOut    api.FormHandOut
	exchanges  []api.Exchange
	approvals  []api.Approval
	spares     []api.ExchangeSpare
	losses     lossAnswers
	recall     api.Recall
	recalls    []api.RecallSummary
	room       room
	kits       []api.ToolKit
	err        error
	health     api.Health
	panics     bool

	mu      sync.Mutex
	asked   api.AsOf
	filter  api.TicketFilter
	narrow  api.ToolFilter
	swaps   api.ExchangeFilter
	wanted  api.ApprovalFilter
	trouble api.RecallFilter
	sort    api.TicketSort
	waited  string
	head    int64
}

func (r *reads) ask(at api.AsOf) api.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = at
	if at.Number != nil {
		return api.Snapshot{Number: *at.Number}
	}
	return api.Snapshot{Number: r.head}
}

func cut[T any](rows []T, p api.Page) ([]T, string) {
	from, _ := strconv.Atoi(p.After)
	to := min(from+p.Limit, len(rows))
	if to < len(rows) {
		return rows[from:to], strconv.Itoa(to)
	}
	return rows[from:to], ""
}

func (r *reads) Get(_ context.Context, at api.AsOf, id uuid.UUID) (api.SealedTicket, api.Snapshot, error) {
	if r.panics {
		panic("a bug that holds 王小明")
	}
	s := r.ask(at)
	for _, t := range r.tickets {
		if t.Id == id {
			return t, s, r.err
		}
	}
	return api.SealedTicket{}, s, commands.ErrNotFound
}

func (r *reads) List(_ context.Context, at api.AsOf, f api.TicketFilter, by api.TicketSort, p api.Page) ([]api.SealedTicket, string, api.Snapshot, error) {
	r.filter, r.sort = f, by
	rows, next := cut(r.tickets, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) History(_ context.Context, at api.AsOf, _ uuid.UUID, p api.Page) ([]api.SealedEvent, string, api.Snapshot, error) {
	rows, next := cut(r.events, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Explain(_ context.Context, at api.AsOf, _ uuid.UUID) ([]api.VerdictExplanation, api.Snapshot, error) {
	return r.verdicts, r.ask(at), r.err
}

func (r *reads) Persons(_ context.Context, at api.AsOf, sites []string, _ string, p api.Page) ([]api.SealedPerson, string, api.Snapshot, error) {
	r.filter.Sites = sites
	rows, next := cut(r.persons, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Teams(_ context.Context, at api.AsOf, sites []string, _ string, p api.Page) ([]api.Team, string, api.Snapshot, error) {
	r.filter.Sites = sites
	rows, next := cut(r.teams, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Sites(_ context.Context, at api.AsOf, sites []string, p api.Page) ([]api.Site, string, api.Snapshot, error) {
	r.filter.Sites = sites
	rows, next := cut(r.sites, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Site(_ context.Context, at api.AsOf, code string) (api.Site, api.Snapshot, error) {
	for _, s := range r.sites {
		if s.Code == code {
			return s, r.ask(at), r.err
		}
	}
	return api.Site{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) Person(_ context.Context, at api.AsOf, id uuid.UUID) (api.SealedPerson, api.Snapshot, error) {
	for _, p := range r.persons {
		if p.Id == id {
			return p, r.ask(at), r.err
		}
	}
	return api.SealedPerson{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) Team(_ context.Context, at api.AsOf, id uuid.UUID) (api.Team, api.Snapshot, error) {
	for _, t := range r.teams {
		if t.Id == id {
			return t, r.ask(at), r.err
		}
	}
	return api.Team{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) Views(_ context.Context, at api.AsOf, person uuid.UUID, sites []string, p api.Page) ([]api.SavedView, string, api.Snapshot, error) {
	r.filter.Sites, r.filter.Mine = sites, person
	rows, next := cut(r.views, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) View(_ context.Context, at api.AsOf, id uuid.UUID) (api.SavedView, api.Snapshot, error) {
	for _, v := range r.views {
		if v.Id == id {
			return v, r.ask(at), r.err
		}
	}
	return api.SavedView{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) Tool(_ context.Context, at api.AsOf, id uuid.UUID, _ *time.Time) (api.ToolCard, api.Snapshot, error) {
	for _, t := range r.tools {
		if t.Id == id {
			return api.ToolCard{
				Tool: t, Custody: []api.CustodySpan{{From: t.Since, Holder: t.Holder}}, Bookings: []api.ToolBooking{}, Chases: []api.ToolChase{}, Scope: []api.Holder{},
				HandOut: r.handOut,
			}, r.ask(at), r.err
		}
	}
	return api.ToolCard{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) Exchange(_ context.Context, at api.AsOf, id uuid.UUID) (api.Exchange, api.Snapshot, error) {
	for _, x := range r.exchanges {
		if x.Id == id {
			return x, r.ask(at), r.err
		}
	}
	return api.Exchange{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) ListExchanges(_ context.Context, at api.AsOf, f api.ExchangeFilter, p api.Page) ([]api.Exchange, string, api.Snapshot, error) {
	r.mu.Lock()
	r.swaps = f
	r.mu.Unlock()
	rows, next := cut(r.exchanges, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Approval(_ context.Context, at api.AsOf, id uuid.UUID) (api.Approval, api.Snapshot, error) {
	for _, a := range r.approvals {
		if a.Id == id {
			return a, r.ask(at), r.err
		}
	}
	return api.Approval{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) ListApprovals(_ context.Context, at api.AsOf, f api.ApprovalFilter, p api.Page) ([]api.Approval, string, api.Snapshot, error) {
	r.mu.Lock()
	r.wanted = f
	r.mu.Unlock()
	rows, next := cut(r.approvals, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) ExchangeSpares(context.Context, api.AsOf, uuid.UUID) ([]api.ExchangeSpare, error) {
	return r.spares, r.err
}

func (r *reads) Recall(_ context.Context, at api.AsOf, id uuid.UUID) (api.Recall, api.Snapshot, error) {
	if r.recall.Id != id {
		return api.Recall{}, r.ask(at), commands.ErrNotFound
	}
	return r.recall, r.ask(at), r.err
}

func (r *reads) ListRecalls(_ context.Context, at api.AsOf, f api.RecallFilter, p api.Page) ([]api.RecallSummary, string, api.Snapshot, error) {
	r.mu.Lock()
	r.trouble = f
	r.mu.Unlock()
	rows, next := cut(r.recalls, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) AnnualIssue(_ context.Context, at api.AsOf, site string, year int) (api.AnnualIssue, api.Snapshot, error) {
	return api.AnnualIssue{Site: site, Year: year, Lists: []api.AnnualList{}}, r.ask(at), r.err
}

func (r *reads) ListTools(_ context.Context, at api.AsOf, f api.ToolFilter, p api.Page) ([]api.Tool, string, api.Snapshot, error) {
	r.narrow = f
	rows, next := cut(r.tools, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Kits(_ context.Context, at api.AsOf, _ []string, p api.Page) ([]api.ToolKit, string, api.Snapshot, error) {
	rows, next := cut(r.kits, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Kit(_ context.Context, at api.AsOf, id uuid.UUID) (api.ToolKitCard, api.Snapshot, error) {
	for _, k := range r.kits {
		if k.Id == id {
			return api.ToolKitCard{Kit: k, Tools: []api.Tool{}}, r.ask(at), r.err
		}
	}
	return api.ToolKitCard{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) Duty(_ context.Context, at api.AsOf, _ []string, team uuid.UUID) (api.TeamTools, error) {
	r.ask(at)
	return api.TeamTools{OnDuty: team.String()}, r.err
}

func (r *reads) At(_ context.Context, at api.AsOf) (api.Snapshot, error) { return r.ask(at), r.err }

func (r *reads) Wait(_ context.Context, stream string, revision int64) error {
	r.waited = stream + "@" + strconv.FormatInt(revision, 10)
	return r.err
}

func (r *reads) Health(context.Context) api.Health { return r.health }

// kpis answers figures; its Explain is another one than the tickets'.
type kpis struct{ *reads }

func (k kpis) SLA(_ context.Context, at api.AsOf, _ api.SLAQuery) ([]api.SLARow, api.Snapshot, error) {
	return k.rows, k.ask(at), k.err
}

func (k kpis) Explain(_ context.Context, at api.AsOf, _ api.SLACell, p api.Page) (api.SLAFacts, api.Snapshot, error) {
	page, next := cut(k.facts, p)
	var sum int64
	for _, f := range k.facts {
		sum += f.Delta
	}
	return api.SLAFacts{Facts: page, Next: next, Sum: sum}, k.ask(at), k.err
}

func (k kpis) Statistics(_ context.Context, at api.AsOf, _ api.StatisticsQuery) ([]api.StatisticsRow, api.Snapshot, error) {
	return []api.StatisticsRow{{Cases: 1}, {Cases: 2}}, k.ask(at), k.err
}

func (k kpis) ExplainStatistics(ctx context.Context, at api.AsOf, _ api.StatisticsCell, p api.Page) (api.SLAFacts, api.Snapshot, error) {
	return k.Explain(ctx, at, api.SLACell{}, p)
}

func (k kpis) Compare(_ context.Context, at api.AsOf, q api.ComparisonQuery, p api.Page) (api.Comparison, api.Snapshot, error) {
	k.compared = q
	c := k.comparison
	var next string
	c.Cases, next = cut(c.Cases, p)
	if c.Next = next; p.After != "" {
		c.Targets, c.Differing, c.Digest = nil, 0, ""
	}
	return c, k.ask(at), k.err
}

// touched is one event that touched a ticket.
type touched struct {
	site string
	id   uuid.UUID
}

// touches is a log of touches in memory; the number of one is its place, from 1.
type touches struct {
	mu      sync.Mutex
	all     []touched
	changed chan struct{}
	told    int64 // up to where Since answered last
	err     error
}

func (l *touches) toldAll() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told == int64(len(l.all))
}

func (l *touches) add(site string, id uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, touched{site, id})
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (l *touches) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

func (l *touches) Since(_ context.Context, sites []string, after int64, most int) (api.TicketChanges, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	head := int64(len(l.all))
	l.told = head
	out := api.TicketChanges{Number: head}
	for _, e := range l.all[min(after, head):] {
		if (sites == nil || slices.Contains(sites, e.site)) && !slices.Contains(out.Tickets, e.id) {
			out.Tickets = append(out.Tickets, e.id)
		}
	}
	if len(out.Tickets) > most || after > head {
		return api.TicketChanges{Number: head, TooMany: true}, l.err
	}
	return out, l.err
}
