package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

// Recorded is a version as it was recorded in the policy ID.
type Recorded struct {
	ID         uuid.UUID
	Version    VersionRecorded
	Approval   *VersionApproved // nil: not approved, or in force without
	RecordedAt time.Time        // by the store's clock; zero if that is not known
}

// Follows says which set of policies a site follows from an instant on (POL-06).
type Follows struct {
	Site string
	Set  string // "" for none any more
	From domain.Instant
}

// Version is a recorded version with its content read. It never changes.
type Version struct {
	ID       uuid.UUID       // of the policy
	Recorded VersionRecorded // as the event says
	From     time.Time       // it is in force from then on, unless a later one replaces it
	sla      SLA
	calendar *calendar.Calendar
	codes    Codes
	tools    Tools
	// compensation is the content of a version of KindCompensation.
	compensation Compensation
	keeping      Keeping

	purchasing Purchasing
	authority  Authority
}

// Ref names the version as events do.
func (v Version) Ref() domain.PolicyRef {
	return domain.PolicyRef{ID: v.ID, Version: v.Recorded.Version, Hash: v.Recorded.Hash}
}

// SLA returns the content of a version of KindSLA, else the zero SLA. The
// caller must not change its Targets.
func (v Version) SLA() SLA { return v.sla }

// Calendar returns the calendar of a version of KindCalendar, else nil.
func (v Version) Calendar() *calendar.Calendar { return v.calendar }

// Codes returns the content of a version of KindCodes, else the zero Codes.
// The caller must not change its lists.
func (v Version) Codes() Codes { return v.codes }

// Tools returns the content of a version of KindTools, else the zero Tools.
// The caller must not change its lists.
func (v Version) Tools() Tools { return v.tools }

// Compensation returns the content of a version of KindCompensation, else the
// zero Compensation. The caller must not change its Replacement.
func (v Version) Compensation() Compensation { return v.compensation }

// Keeping returns the content of a version of KindKeeping, else the zero
// Keeping. The caller must not change its lists.
func (v Version) Keeping() Keeping { return v.keeping }

// Purchasing returns the content of a version of KindPurchasing, else the zero
// Purchasing. The caller must not change its lists.
func (v Version) Purchasing() Purchasing { return v.purchasing }

// Authority returns the content of a version of KindAuthority, else the zero
// Authority. The caller must not change its lists.
func (v Version) Authority() Authority { return v.authority }

// Book is the policy versions to decide by (POL-02). It holds no draft
// (POL-09). It never changes and is safe for concurrent use. A nil Book holds
// nothing.
type Book struct {
	byOwner map[owner][]Version
	byID    map[uuid.UUID][]Version
	follows map[string][]Follows // by site
}

// owner is whose policy of a kind: a site's, a set's, or with neither everybody's.
type owner struct {
	kind      Kind
	site, set string
}

// NewBook reads the contents of versions, given in the order in which they
// were recorded, and which sets sites follow, likewise. The error names the
// first that does not hold by its kind; Decide lets none such be recorded.
func NewBook(versions []Recorded, follows ...Follows) (*Book, error) {
	b := &Book{byOwner: map[owner][]Version{}, byID: map[uuid.UUID][]Version{}, follows: map[string][]Follows{}}
	for _, r := range versions {
		from, inForce := r.InForceFrom()
		if !inForce {
			continue
		}
		c, err := kinds().read(r.Version.Kind, r.Version.Content)
		if err != nil {
			return nil, fmt.Errorf("read policy %s version %d: %w", r.ID, r.Version.Version, err)
		}
		v := Version{ID: r.ID, Recorded: r.Version, From: from, sla: c.sla, calendar: c.calendar, codes: c.codes, tools: c.tools}
		v.compensation, v.keeping, v.purchasing, v.authority = c.compensation, c.keeping, c.purchasing, c.authority
		o := owner{r.Version.Kind, r.Version.Site, r.Version.Set}
		b.byOwner[o] = append(b.byOwner[o], v)
		b.byID[r.ID] = append(b.byID[r.ID], v)
	}
	for _, all := range b.byOwner {
		sortByEffect(all)
	}
	for _, all := range b.byID {
		sortByEffect(all)
	}
	for _, f := range follows {
		b.follows[f.Site] = append(b.follows[f.Site], f)
	}
	for _, all := range b.follows {
		slices.SortStableFunc(all, func(x, y Follows) int { return x.From.Compare(y.From.Time) })
	}
	return b, nil
}

// sortByEffect sorts by the start of effect and keeps the order of recording within one.
func sortByEffect(all []Version) {
	slices.SortStableFunc(all, func(a, b Version) int { return a.From.Compare(b.From) })
}

// SetOf returns the set that a site follows at an instant, "" for none (POL-06).
func (b *Book) SetOf(site string, at time.Time) string {
	if b == nil {
		return ""
	}
	for _, f := range slices.Backward(b.follows[site]) {
		if !f.From.After(at) {
			return f.Set
		}
	}
	return ""
}

// InForce returns the version of kind that holds for site at an instant: the
// one with the latest start of effect, of several that recorded last. A site
// without a version of its own in force goes by the set it follows then, and
// that set without one by the policies for every site (POL-06).
func (b *Book) InForce(kind Kind, site string, at time.Time) (Version, bool) {
	if b == nil {
		return Version{}, false
	}
	if v, ok := inForce(b.byOwner[owner{kind: kind, site: site}], at); ok {
		return v, true
	}
	if set := b.SetOf(site, at); set != "" {
		if v, ok := inForce(b.byOwner[owner{kind: kind, set: set}], at); ok {
			return v, true
		}
	}
	return inForce(b.byOwner[owner{kind: kind}], at)
}

// CalendarOf returns the calendar that a version of KindSLA goes by at a site
// and an instant: the one it names, else the one that holds there.
func (b *Book) CalendarOf(v Version, site string, at time.Time) (Version, bool) {
	if id := v.SLA().Calendar; id != uuid.Nil {
		c, ok := b.InForceOf(id, at)
		return c, ok && c.calendar != nil
	}
	return b.InForce(KindCalendar, site, at)
}

// MissingYear returns the next year and true if it is December where the
// calendar is kept that clocks of a site start by at an instant, and that
// names no day of that year (ORG-03).
func (b *Book) MissingYear(site string, at time.Time) (year int, missing bool) {
	s, ok := b.InForce(KindSLA, site, at)
	c := Version{}
	if ok {
		c, ok = b.CalendarOf(s, site, at)
	}
	if !ok {
		c, ok = b.InForce(KindCalendar, site, at)
	}
	if !ok {
		return 0, false
	}
	return c.calendar.Missing(at)
}

// InForceOf returns the version of the policy id that holds at an instant.
func (b *Book) InForceOf(id uuid.UUID, at time.Time) (Version, bool) {
	if b == nil {
		return Version{}, false
	}
	return inForce(b.byID[id], at)
}

// ByRef returns the version that an event names.
func (b *Book) ByRef(ref domain.PolicyRef) (Version, bool) {
	if b == nil {
		return Version{}, false
	}
	for _, v := range b.byID[ref.ID] {
		if v.Ref() == ref {
			return v, true
		}
	}
	return Version{}, false
}

func inForce(sorted []Version, at time.Time) (Version, bool) {
	for _, v := range slices.Backward(sorted) {
		if !v.From.After(at) {
			return v, true
		}
	}
	return Version{}, false
}
