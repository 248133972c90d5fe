package readside

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/domain/supervision"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// duty returns what holds at a site on a civil day, nil for the day of the
// newest event, and that day's last instant.
func (s *Side) duty(ctx context.Context, v view, snap api.Snapshot, site string, on *domain.Day) (d supervision.DutySet, day domain.Day, end time.Time, err error) {
	_, zone, err := s.siteOf(ctx, v, site)
	if err != nil {
		return d, "", end, err
	}
	day = domain.DayOf(snap.Time.Time, zone)
	if on != nil {
		day = *on
	}
	start, err := time.ParseInLocation(time.DateOnly, string(day), zone)
	if err != nil {
		return d, "", end, err
	}
	rows, err := s.duties.List(ctx, v.q, v.schema, readmodel.ListQuery{Sites: []string{site}, AsOf: v.number, Limit: 1})
	if err == nil && len(rows) > 0 {
		d, _ = rows[0].Row.On(day)
	}
	return d, day, start.AddDate(0, 0, 1).Add(-time.Millisecond), err
}

// LedgerDuty returns who answers for the tools of a site and who supervises its
// ledgers at the end of a civil day: posts, and who held the first (CHK-05).
func (s *Side) LedgerDuty(ctx context.Context, at api.AsOf, site string, on *domain.Day) (api.LedgerDuty, error) {
	out := api.LedgerDuty{Site: site, Supervisors: []string{}, Persons: []api.LedgerAnswerer{}}
	snap, err := s.ofKeeping(ctx, at, func(view) error { return nil })
	if out.AsOf = snap; err != nil || snap.Number == 0 {
		return out, err
	}
	var end time.Time
	at = api.AsOf{Number: &snap.Number}
	_, err = s.ofKeeping(ctx, at, func(v view) error {
		d, day, last, err := s.duty(ctx, v, snap, site, on)
		out.On, out.Answers, out.Months, end = string(day), d.Answers, d.Months, last
		out.Supervisors = append(out.Supervisors, d.Supervisors...)
		return err
	})
	if err != nil || out.Answers == "" {
		return out, err
	}
	_, err = s.read(ctx, directory.Name, directory.Version, at, func(v view) error {
		rows, err := s.persons.List(ctx, v.q, v.schema, readmodel.ListQuery{Sites: []string{site}, AsOf: v.number})
		for _, r := range rows {
			if held(r.Row, out.Answers, end) {
				out.Persons = append(out.Persons, api.LedgerAnswerer{Id: r.ID, External: externals(r.Row.External)})
			}
		}
		return err
	})
	slices.SortFunc(out.Persons, func(a, b api.LedgerAnswerer) int { return strings.Compare(a.Id.String(), b.Id.String()) })
	return out, err
}

// held reports whether a person held a post at an instant, by the fold of the domain (ORG-04).
func held(p directory.Person, post string, at time.Time) bool {
	if p.LeftAt != nil && !p.LeftAt.After(at) {
		return false
	}
	st := person.State{}
	for _, x := range p.Postings {
		st.Postings = append(st.Postings, person.Posting{Since: x.Since, Posts: x.Posts})
	}
	return slices.Contains(st.PostsAt(at), post)
}

// LedgerSupervision returns a look as of a moment; commands.ErrNotFound if it was not there.
func (s *Side) LedgerSupervision(ctx context.Context, at api.AsOf, id uuid.UUID) (api.LedgerSupervision, api.Snapshot, error) {
	var out api.LedgerSupervision
	found := false
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		row, ok, err := s.looks.Row(ctx, v.q, v.schema, id, v.number)
		if found = ok; ok {
			out = shownLook(row)
		}
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// LedgerSupervisions returns a page of looks, the newest first.
func (s *Side) LedgerSupervisions(ctx context.Context, at api.AsOf, q api.SupervisionQuery, p api.Page) ([]api.LedgerSupervision, string, api.Snapshot, error) {
	out := []api.LedgerSupervision{}
	next := ""
	snap, err := s.ofKeeping(ctx, at, func(v view) error {
		if q.Sites != nil && len(q.Sites) == 0 {
			return nil
		}
		start, err := after(p.After, 2)
		if err != nil {
			return err
		}
		where := "true"
		if q.Open {
			where = "open_findings > 0"
		}
		rows, err := s.looks.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: q.Sites, Where: where, Order: []readmodel.Order{{By: "looked_on::text", Desc: true}}, After: start, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			last := rows[p.Limit-1]
			next = place(string(last.Row.On), last.ID.String())
		}
		for _, r := range rows {
			out = append(out, shownLook(r))
		}
		return nil
	})
	return out, next, snap, err
}

func shownLook(r readmodel.Versioned[keeping.Look]) api.LedgerSupervision {
	l := r.Row
	out := api.LedgerSupervision{
		Id: r.ID, Site: r.Site, Revision: r.Revision, Ledger: holderOf(l.Ledger), On: string(l.On), By: l.By, Post: l.Post, Open: l.Open, Findings: []api.LedgerFinding{},
	}
	for _, f := range l.Findings {
		x := api.LedgerFinding{Found: f.Found}
		if f.Settled != nil {
			x.SettledAt, x.SettledBy, x.How = &f.Settled.At, &f.Settled.By, &f.Settled.How
		}
		out.Findings = append(out.Findings, x)
	}
	return out
}

// UnsupervisedLedgers returns the ledgers of a site with tools in them at which
// nobody has looked for longer than the duty of a civil day says, by whose they
// are. The first period begins with the duty, or with the ledger (CHK-05).
func (s *Side) UnsupervisedLedgers(ctx context.Context, at api.AsOf, site string, by *domain.Day) (api.LedgerUnsupervised, error) {
	out := api.LedgerUnsupervised{Site: site, Items: []api.LedgerOverdue{}}
	snap, err := s.ofKeeping(ctx, at, func(view) error { return nil })
	if out.AsOf = snap; err != nil || snap.Number == 0 {
		return out, err
	}
	_, err = s.ofKeeping(ctx, api.AsOf{Number: &snap.Number}, func(v view) error {
		d, day, _, err := s.duty(ctx, v, snap, site, by)
		out.By = string(day)
		if err != nil || d.Answers == "" {
			return err
		}
		_, zone, err := s.siteOf(ctx, v, site)
		if err != nil {
			return err
		}
		last := map[string]domain.Day{}
		looks, err := s.looks.List(ctx, v.q, v.schema, readmodel.ListQuery{Sites: []string{site}, AsOf: v.number})
		if err != nil {
			return err
		}
		for _, l := range looks {
			last[l.Row.Ledger] = max(last[l.Row.Ledger], l.Row.On)
		}
		ledgers := map[string]*api.LedgerOverdue{}
		since := map[string]domain.Day{}
		err = s.atRest.Each(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: []string{site}, Where: "holder ~ '^(person|team|store):'", Order: numberOrder, AsOf: v.number,
		}, func(r readmodel.Versioned[keeping.Tool]) error {
			h := r.Row.Holder
			if ledgers[h] == nil {
				ledgers[h] = &api.LedgerOverdue{Ledger: holderOf(h)}
			}
			ledgers[h].Tools++
			if from := domain.DayOf(r.Row.Since, zone); since[h] == "" || from < since[h] {
				since[h] = from
			}
			return nil
		})
		for h, l := range ledgers {
			begun := max(d.From, since[h])
			if on, looked := last[h]; looked {
				begun = max(d.From, on)
				l.LastOn = new(string(on))
			}
			if due := begun.MonthsAfter(d.Months); due < day {
				l.DueOn = string(due)
				out.Items = append(out.Items, *l)
			}
		}
		slices.SortFunc(out.Items, func(a, b api.LedgerOverdue) int {
			return cmp.Or(cmp.Compare(a.Ledger.Kind, b.Ledger.Kind), cmp.Compare(a.Ledger.Who, b.Ledger.Who))
		})
		return err
	})
	return out, err
}
