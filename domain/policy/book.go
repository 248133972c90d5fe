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
	ID      uuid.UUID
	Version VersionRecorded
}

// Version is a recorded version with its content read. It never changes.
type Version struct {
	ID       uuid.UUID       // of the policy
	Recorded VersionRecorded // as the event says
	sla      SLA
	calendar *calendar.Calendar
	codes    Codes
	tools    Tools
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

// Book is a set of policy versions to decide by (POL-02). It never changes
// and is safe for concurrent use. A nil Book holds nothing.
type Book struct {
	bySet map[set][]Version
	byID  map[uuid.UUID][]Version
}

type set struct {
	kind Kind
	site string
}

// NewBook reads the contents of versions, given in the order in which they
// were recorded. The error names the first that does not hold by its kind;
// Decide lets none such be recorded.
func NewBook(versions []Recorded) (*Book, error) {
	b := &Book{bySet: map[set][]Version{}, byID: map[uuid.UUID][]Version{}}
	for _, r := range versions {
		c, err := read(r.Version.Kind, r.Version.Content)
		if err != nil {
			return nil, fmt.Errorf("read policy %s version %d: %w", r.ID, r.Version.Version, err)
		}
		v := Version{ID: r.ID, Recorded: r.Version, sla: c.sla, calendar: c.calendar, codes: c.codes, tools: c.tools}
		s := set{r.Version.Kind, r.Version.Site}
		b.bySet[s] = append(b.bySet[s], v)
		b.byID[r.ID] = append(b.byID[r.ID], v)
	}
	for _, all := range b.bySet {
		sortByEffect(all)
	}
	for _, all := range b.byID {
		sortByEffect(all)
	}
	return b, nil
}

// sortByEffect sorts by the start of effect and keeps the order of recording within one.
func sortByEffect(all []Version) {
	slices.SortStableFunc(all, func(a, b Version) int {
		return a.Recorded.EffectiveFrom.Compare(b.Recorded.EffectiveFrom.Time)
	})
}

// InForce returns the version of kind that holds for site at an instant: the
// one with the latest start of effect, of several that recorded last. A site
// without a version of its own in force follows those of site "" (POL-06).
func (b *Book) InForce(kind Kind, site string, at time.Time) (Version, bool) {
	if b == nil {
		return Version{}, false
	}
	if v, ok := inForce(b.bySet[set{kind, site}], at); ok {
		return v, true
	}
	return inForce(b.bySet[set{kind, ""}], at)
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
		if !v.Recorded.EffectiveFrom.After(at) {
			return v, true
		}
	}
	return Version{}, false
}
