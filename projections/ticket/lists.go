package ticket

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// SQL over the columns of Row, for lists. Each order of a list is served by an
// index of listIndexes while one site is asked for.
const (
	// NextDue is the next due time over all targets, "infinity" without one.
	NextDue = "coalesce(least(contact_due_at, remote_due_at, arrival_due_at, resolution_due_at, update_due_at), 'infinity'::timestamptz)"
	// Undispatched holds for a ticket that waits for somebody to take it.
	Undispatched = "team IS NULL AND technician IS NULL AND " + Open
	// Due holds for a ticket with a due time.
	Due = NextDue + " < 'infinity'"
	// Followed holds for a ticket that somebody follows; FollowedBy for one that
	// a person does, ? is the id as text (TKT-15).
	Followed   = "jsonb_typeof(followers) = 'array' AND followers <> '[]'"
	FollowedBy = Followed + " AND followers @> to_jsonb(?::text)"
	// Late holds for a ticket with a target past its due time; ? is the time (SLA-13).
	Late = NextDue + " <= ?"

	// Open holds for a ticket that is neither resolved nor ended.
	Open = "status NOT IN ('resolved', 'signed_off', 'closed', 'merged', 'withdrawn', 'rejected')"
)

// NextDueAt is NextDue in Go; nil without a due time.
func (r Row) NextDueAt() *time.Time {
	var next *time.Time
	for _, due := range []*time.Time{r.ContactDueAt, r.RemoteDueAt, r.ArrivalDueAt, r.ResolveDueAt, r.UpdateDueAt} {
		if due != nil && (next == nil || due.Before(*next)) {
			next = due
		}
	}
	return next
}

// listed adds the indexes of lists to the model.
func listed(m readmodel.Model[Row]) readmodel.Model[Row] {
	m.Indexes = slices.Concat(m.Indexes, listIndexes())
	return m
}

func listIndexes() []string {
	return []string{
		`CREATE INDEX ON {{.schema}}.ticket (site, number, id)`,                                              // by number
		`CREATE INDEX ON {{.schema}}.ticket (site, updated_at, id)`,                                          // by updated_at
		`CREATE INDEX ON {{.schema}}.ticket (site, level, id)`,                                               // by level
		`CREATE INDEX ON {{.schema}}.ticket (site, (` + NextDue + `), id)`,                                   // by due_at
		`CREATE INDEX ON {{.schema}}.ticket (site, technician, opened_at, id)`,                               // view mine
		`CREATE INDEX ON {{.schema}}.ticket (site, status, opened_at, id)`,                                   // views paused and closed
		`CREATE INDEX ON {{.schema}}.ticket (site, opened_at, id) WHERE team IS NULL AND technician IS NULL`, // view undispatched
		`CREATE INDEX ON {{.schema}}.ticket (site, opened_at, id) WHERE ` + Followed,                         // view following
	}
}
