package readside

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/projections/kpi"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// judgedAtOnce bounds how many tickets a comparison holds.
const judgedAtOnce = 256

// Compare judges the tickets of a query by both rules (SLA-10): all of them for
// the first page, which tells the figures too; for a later one those from where
// the page before ended until it is full. What it holds at once does not grow
// with the number of tickets. As judged, the figures are held against those of
// SLA in the same snapshot: a difference between the two is an error.
func (s *Side) Compare(ctx context.Context, at api.AsOf, q api.ComparisonQuery, p api.Page) (api.Comparison, api.Snapshot, error) {
	from, err := readPageEnd(p.After)
	if err != nil {
		return api.Comparison{}, api.Snapshot{}, err
	}
	c := newComparison(s, q, from, p.Limit)
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		if from != nil {
			v.asked = from.Asked
		}
		c.view, c.out.AskedAt = v, v.asked
		return c.run(ctx)
	})
	if err == nil && c.out.AskedAt.IsZero() { // before the first event
		c.out.AskedAt = s.Clock.Now()
	}
	return c.result(), snap, err
}

// pageEnd is where a page of differing cases ended.
type pageEnd struct {
	Asked  time.Time `json:"t"`
	Site   int       `json:"s"` // place in the query
	Opened time.Time `json:"o"`
	Ticket uuid.UUID `json:"i"`
	Given  int       `json:"g"` // cases of that ticket
}

func readPageEnd(text string) (*pageEnd, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // the first page
	}
	var p pageEnd
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, api.ErrBadCursor
	}
	return &p, nil
}

// comparison is one run of Compare.
type comparison struct {
	side  *Side
	q     api.ComparisonQuery
	view  view
	from  *pageEnd // nil on the first page
	limit int
	names []domainticket.TargetName
	list  hash.Hash
	full  bool
	last  pageEnd // of the last case of the page
	out   api.Comparison
}

func newComparison(s *Side, q api.ComparisonQuery, from *pageEnd, limit int) *comparison {
	c := &comparison{side: s, q: q, from: from, limit: limit, list: sha256.New(), out: api.Comparison{Cases: []api.DifferingCase{}}}
	for _, name := range domainticket.TargetNames() {
		if q.Target == "" || q.Target == api.TargetName(name) {
			c.names = append(c.names, name)
			c.out.Targets = append(c.out.Targets, api.TargetFigures{
				Target: api.TargetName(name), Before: api.PartCounts{}, After: api.PartCounts{},
			})
		}
	}
	return c
}

// errFull ends a later page.
var errFull = errors.New("the page is full")

func (c *comparison) run(ctx context.Context) error {
	first := 0
	if c.from != nil {
		first = c.from.Site
	}
	if first < 0 || first > len(c.q.Sites) {
		return api.ErrBadCursor
	}
	for i := range c.q.Sites[first:] {
		if err := c.site(ctx, first+i); err != nil {
			if errors.Is(err, errFull) {
				return nil
			}
			return err
		}
	}
	return c.agree(ctx)
}

// site judges the tickets of one site, some at once, and takes them in order.
func (c *comparison) site(ctx context.Context, site int) error {
	batch := make([]judgedTicket, 0, judgedAtOnce)
	work := func() error {
		if err := c.judge(ctx, batch); err != nil {
			return err
		}
		for i := range batch {
			if err := c.take(site, &batch[i]); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	err := c.side.tickets.Each(ctx, c.view.q, c.view.schema, c.tickets(site), func(r readmodel.Versioned[ticket.Row]) error {
		batch = append(batch, judgedTicket{id: r.ID, number: r.Row.Number, opened: r.Row.OpenedAt, revision: r.Revision, rules: &c.q.Sites[site]})
		if len(batch) < judgedAtOnce {
			return nil
		}
		return work()
	})
	if err != nil {
		return err
	}
	return work()
}

// tickets is the list of a site's tickets that are asked for, from where the page before ended.
func (c *comparison) tickets(site int) readmodel.ListQuery {
	w := &conditions{}
	if c.q.From != "" {
		w.add("opened_on >= ?::text::date", string(c.q.From))
	}
	if c.q.To != "" {
		w.add("opened_on <= ?::text::date", string(c.q.To))
	}
	if !c.q.Since.IsZero() { // the rows of an import need not come in the order of time
		w.add("(updated_at >= ? OR imported)", c.q.Since)
	}
	if c.from != nil && c.from.Site == site {
		w.add("(opened_at, id) >= (?, ?)", c.from.Opened, c.from.Ticket)
	}
	return readmodel.ListQuery{
		Sites: []string{c.q.Sites[site].Site}, Where: strings.Join(w.where, " AND "), Args: w.args,
		Order: []readmodel.Order{{By: "opened_at"}}, AsOf: c.view.number,
	}
}

// judgedTicket is a ticket and what its clocks count for.
type judgedTicket struct {
	id                    uuid.UUID
	number                string
	opened                time.Time
	revision              int64
	rules                 *api.SiteRules
	record, before, after []domainticket.Case
}

// judge judges tickets, as many at once as there are processors.
func (c *comparison) judge(ctx context.Context, batch []judgedTicket) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range batch {
		g.Go(func() error { return c.side.judge(ctx, &batch[i], c.view.asked) })
	}
	return g.Wait()
}

func (s *Side) judge(ctx context.Context, t *judgedTicket, asked time.Time) error {
	stored, err := s.Streams.ReadStream(ctx, commands.StreamOf("ticket", t.id), 0)
	if err != nil {
		return fmt.Errorf("read ticket %s: %w", t.id, err)
	}
	if int64(len(stored)) <= t.revision {
		return fmt.Errorf("ticket %s ends before revision %d", t.id, t.revision)
	}
	events, err := commands.TicketEvents(stored[:t.revision+1])
	if err != nil {
		return err
	}
	under := func(r api.Rules) ([]domainticket.Case, error) {
		cases, err := domainticket.CasesUnder(events, r.Book, r.SLA, r.Calendar, asked)
		if err != nil {
			return nil, fmt.Errorf("judge ticket %s: %w", t.id, err)
		}
		return cases, nil
	}
	t.record = domainticket.CasesOnRecord(events, asked)
	t.before = t.record
	if t.rules.Before != nil {
		if t.before, err = under(*t.rules.Before); err != nil {
			return err
		}
	}
	t.after, err = under(t.rules.After)
	return err
}

// take adds a ticket to the figures and the list.
func (c *comparison) take(site int, t *judgedTicket) error {
	for i, name := range c.names {
		f := &c.out.Targets[i]
		count(f.Before, name, t.before)
		count(f.After, name, t.after)
	}
	given := 0
	for _, d := range domainticket.Differences(t.before, t.after) {
		of := d.Either()
		i := c.place(of.Target)
		if i < 0 {
			continue
		}
		c.out.Targets[i].Differing++
		c.out.Differing++
		given++
		c.write(t, d)
		if c.from != nil && c.from.Site == site && c.from.Ticket == t.id && given <= c.from.Given {
			continue
		}
		if len(c.out.Cases) == c.limit {
			c.full = true
			if c.from != nil {
				return errFull
			}
			continue
		}
		c.last = pageEnd{Asked: c.view.asked, Site: site, Opened: t.opened, Ticket: t.id, Given: given}
		c.out.Cases = append(c.out.Cases, api.DifferingCase{
			Site: t.rules.Site, TicketID: t.id, Number: t.number, Differing: d, Record: of.Counterpart(t.record),
		})
	}
	return nil
}

func count(into api.PartCounts, name domainticket.TargetName, cases []domainticket.Case) {
	for _, k := range cases {
		if k.Target == name {
			into[k.Part]++
		}
	}
}

func (c *comparison) place(name domainticket.TargetName) int {
	for i, n := range c.names {
		if n == name {
			return i
		}
	}
	return -1
}

// write adds a case to the digest of the list.
func (c *comparison) write(t *judgedTicket, d domainticket.Differing) {
	line := func(k *domainticket.Case) []any {
		if k == nil {
			return nil
		}
		return []any{k.Part, k.Judged.DueAt}
	}
	of := d.Either()
	b, err := json.Marshal([]any{t.rules.Site, t.id, of.Target, of.Cycle, of.Judged.StartedBy(), line(d.Before), line(d.After)})
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	c.list.Write(append(b, '\n'))
}

// agree holds the figures as judged against those of the read model, which
// come another way: from what each event added (SLA-09).
func (c *comparison) agree(ctx context.Context) error {
	if c.from != nil || !c.q.Since.IsZero() || c.q.From == "" || len(c.q.Sites) != 1 || c.q.Sites[0].Before != nil {
		return nil
	}
	site := c.q.Sites[0].Site
	for i, name := range c.names {
		rows, err := c.side.kpi.SLA(ctx, c.view.q, c.view.schema, kpi.Query{Site: site, From: c.q.From, To: c.q.To, Target: name}, c.view.moment())
		if err != nil {
			return err
		}
		var want kpi.Row
		if len(rows) > 0 {
			want = rows[0]
		}
		got := c.out.Targets[i].Before
		for part, n := range map[domainticket.Part]int64{
			domainticket.PartMet: want.Met, domainticket.PartBreached: want.Breached, domainticket.PartRunning: want.Running,
			domainticket.PartWithdrawn: want.Withdrawn, domainticket.PartNoTarget: want.NoTarget,
		} {
			if got[part] != n {
				return fmt.Errorf("%s of %s at %s: %d by the tickets, %d by the figures", part, name, site, got[part], n)
			}
		}
	}
	return nil
}

func (c *comparison) result() api.Comparison {
	out := c.out
	if c.full {
		b, err := json.Marshal(c.last)
		if err != nil {
			panic(err) // texts and numbers always encode
		}
		out.Next = string(b)
	}
	if c.from != nil {
		out.Targets, out.Differing = nil, 0
		return out
	}
	out.Digest = hex.EncodeToString(c.list.Sum(nil))
	return out
}
