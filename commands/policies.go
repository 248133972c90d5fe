package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func policyDecider() Decider[policy.State, policy.Command, policy.Event] {
	return Decider[policy.State, policy.Command, policy.Event]{
		Name: "policy", Version: "policy/2", Decide: policy.Decide,
		Evolve: func(s policy.State, _ uint64, e policy.Event) policy.State { return policy.Evolve(s, e) },
	}
}

// everySite is the site in the envelope of what holds for more than one.
const everySite = "*"

// Policies are the use cases of policies, and the source of the Book that
// every decision gets. One policy an owner and kind; its id derives from both.
type Policies struct {
	*useCases
	mu      sync.Mutex
	shelves map[place]*shelf
}

func newPolicies(u *useCases) *Policies { return &Policies{useCases: u, shelves: map[place]*shelf{}} }

// RecordPolicy adds a version to a policy of a kind (POL-01).
type RecordPolicy struct {
	Site          string          `json:"site"`          // "" with no set: for every site without its own (POL-06)
	Set           string          `json:"set,omitempty"` // name of the set it belongs to (POL-07)
	Kind          policy.Kind     `json:"kind"`
	EffectiveFrom time.Time       `json:"effective_from"`
	Reason        string          `json:"reason"`
	Approver      string          `json:"approver"`
	Content       json.RawMessage `json:"content"`
	// Confirmation stands for the list of what a late version would change, "" for none (POL-04).
	Confirmation string `json:"confirmation,omitempty"`
}

// Record records a version; the same content and start of effect again changes
// nothing. What needs approval is a draft until Approve (POL-05, POL-09). A
// late version is recorded without asking: RecordConfirmed asks.
func (p *Policies) Record(ctx context.Context, r Request, in RecordPolicy) (Registered, error) {
	return p.RecordConfirmed(ctx, r, in, nil)
}

// RecordConfirmed is Record for people: of a version that takes effect in the
// past it asks confirm, if there is one, before it records it (POL-04). An error
// of confirm is the answer, and nothing of it is kept.
func (p *Policies) RecordConfirmed(ctx context.Context, r Request, in RecordPolicy, confirm Confirm) (Registered, error) {
	call, err := p.call(r, "policy.record", string(in.Kind), nil, in)
	if err != nil {
		return Registered{}, err
	}
	build := func(ctx context.Context, follows string) (policy.Command, error) {
		c := in.command(r, follows)
		if confirm == nil {
			return c, nil
		}
		d, err := p.draft(ctx, c)
		if err == nil && d.Changed && d.Late { // POL-04
			err = confirm(ctx, d)
		}
		return c, err
	}
	return p.write(ctx, r, call, place{in.Site, in.Set}, in.Kind, domain.At(in.EffectiveFrom), build)
}

func (in RecordPolicy) command(r Request, follows string) policy.RecordVersion {
	return policy.RecordVersion{
		Kind: in.Kind, Name: string(in.Kind), Site: in.Site, Set: in.Set, Follows: follows, EffectiveFrom: domain.At(in.EffectiveFrom),
		Author: r.Actor.Person, Approver: in.Approver, Reason: in.Reason, Content: in.Content,
		Confirmed: in.Confirmation,
	}
}

// ImportNotice is the yearly notice of holidays for the calendar of a site or a set.
type ImportNotice struct {
	Site          string               `json:"site"`
	Set           string               `json:"set"`
	EffectiveFrom time.Time            `json:"effective_from"` // zero: now
	Year          int                  `json:"year"`
	Source        string               `json:"source"`
	Days          []calendar.NoticeDay `json:"days"`
	Hours         []calendar.Hours     `json:"hours"` // of make-up workdays; none: as the week has them
}

// ImportNotice adds a year's days to a calendar; the same notice again changes
// nothing (ORG-03, TKT-02).
func (p *Policies) ImportNotice(ctx context.Context, r Request, in ImportNotice) (Registered, error) {
	call, err := p.call(r, "policy.import_notice", string(policy.KindCalendar), nil, in)
	if err != nil {
		return Registered{}, err
	}
	from := call.OccurredAt
	if !in.EffectiveFrom.IsZero() {
		from = domain.At(in.EffectiveFrom)
	}
	return p.write(ctx, r, call, place{in.Site, in.Set}, policy.KindCalendar, from, func(_ context.Context, follows string) (policy.Command, error) {
		return policy.ImportNotice{
			Site: in.Site, Set: in.Set, Follows: follows, EffectiveFrom: from, Author: r.Actor.Person,
			Year: in.Year, Source: in.Source, Days: in.Days, Hours: in.Hours,
		}, nil
	})
}

// write runs a command that records versions of the policy that owner has of
// a kind. build gets the set that a site follows when they take effect.
func (p *Policies) write(ctx context.Context, r Request, call Call, owner place, kind policy.Kind, from domain.Instant,
	build func(ctx context.Context, follows string) (policy.Command, error),
) (Registered, error) {
	if !r.owns(owner) {
		return Registered{}, ErrNotFound
	}
	call.Site = owner.site
	if call.Site == "" {
		call.Site = everySite
	}
	id := p.id(owner, kind)
	res, err := Execute(ctx, p.x, policyDecider(), StreamOf("policy", id), Step[policy.Command]{
		Call: call, Make: func(ctx context.Context, _ Stream) (policy.Command, error) {
			follows, err := p.followed(ctx, owner, from, call.OccurredAt)
			if err != nil {
				return nil, err
			}
			return build(ctx, follows)
		},
	})
	return Registered{Result: res, ID: id}, err
}

// owns reports whether the asker may change the policies of an owner.
func (r Request) owns(owner place) bool {
	return owner.site == "" && r.Sites == nil || owner.site != "" && r.sees(owner.site)
}

// followed returns the set that a site follows when a version takes effect;
// nothing goes round the one that it follows now. "" for none.
func (p *Policies) followed(ctx context.Context, owner place, from, now domain.Instant) (string, error) {
	if owner.site == "" {
		return "", nil
	}
	book, err := p.Book(ctx, owner.site)
	if err != nil {
		return "", err
	}
	if from.Before(now.Time) {
		from = now
	}
	return book.SetOf(owner.site, from.Time), nil
}

// ApprovePolicy approves a draft.
type ApprovePolicy struct {
	Version     int        `json:"version"`
	PublishedAt *time.Time `json:"published_at"` // nil: with the approval
}

// Approve takes a draft into force; who asks is the person who approves
// (POL-05, POL-09). Errors are those of Execute and ErrNotFound.
func (p *Policies) Approve(ctx context.Context, r Request, id uuid.UUID, in ApprovePolicy) (Result, error) {
	call, err := p.call(r, "policy.approve", id.String(), nil, in)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, p.x, policyDecider(), StreamOf("policy", id), existing(r, call, func(context.Context, Stream) (policy.Command, error) {
		c := policy.ApproveVersion{At: call.OccurredAt, Version: in.Version, Person: r.Actor.Person, Roles: r.Actor.Roles}
		if in.PublishedAt != nil {
			c.PublishedAt = domain.At(*in.PublishedAt)
		}
		return c, nil
	}))
}

func (p *Policies) id(owner place, kind policy.Kind) uuid.UUID {
	if owner.set != "" {
		return p.IDs.PolicyOfSet(owner.set, string(kind))
	}
	return p.IDs.Policy(owner.site, string(kind))
}

// Book returns the policy versions that decisions at a site may need, as
// recorded until now: its own, those of every set that it follows or ever
// followed, and the general ones. The book never changes.
func (p *Policies) Book(ctx context.Context, site string) (*policy.Book, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.shelf(ctx, place{site: site})
	if err != nil {
		return nil, err
	}
	if s.book == nil {
		if s.book, err = policy.NewBook(s.versions, s.follows...); err != nil {
			return nil, fmt.Errorf("policies of site %s: %w", site, err)
		}
	}
	return s.book, nil
}

// Versions returns the versions of Book, and drafts, in the order in which
// they were recorded.
func (p *Policies) Versions(ctx context.Context, site string) ([]policy.Recorded, error) {
	return p.versions(ctx, place{site: site})
}

// Choosable returns Versions without those of sets that the site does not follow now.
func (p *Policies) Choosable(ctx context.Context, site string) ([]policy.Recorded, error) {
	versions, err := p.Versions(ctx, site)
	if err != nil {
		return nil, err
	}
	book, err := p.Book(ctx, site)
	if err != nil {
		return nil, err
	}
	set := book.SetOf(site, p.Clock.Now())
	return slices.DeleteFunc(versions, func(r policy.Recorded) bool { return r.Version.Set != "" && r.Version.Set != set }), nil
}

// VersionsOfSet returns the versions of a set and the general ones, with
// drafts, as Versions does.
func (p *Policies) VersionsOfSet(ctx context.Context, set string) ([]policy.Recorded, error) {
	return p.versions(ctx, place{set: set})
}

func (p *Policies) versions(ctx context.Context, of place) ([]policy.Recorded, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.shelf(ctx, of)
	if err != nil {
		return nil, err
	}
	out := append([]policy.Recorded{}, s.versions...)
	slices.SortStableFunc(out, func(a, b policy.Recorded) int { return a.RecordedAt.Compare(b.RecordedAt) })
	return out, nil
}

// MissingYear says that the calendar that clocks of a site start by has no
// days of next year (ORG-03).
type MissingYear struct {
	Site string
	Year int
}

// MissingYears returns at which sites the days of next year are missing. It
// is the alarm of December: in other months nothing is, and sites is not asked.
func (p *Policies) MissingYears(ctx context.Context, now time.Time, sites func(context.Context) ([]string, error)) ([]MissingYear, error) {
	const widest = 14 * time.Hour // of a zone from UTC
	if now.UTC().Add(widest).Month() != time.December && now.UTC().Add(-widest).Month() != time.December {
		return nil, nil
	}
	codes, err := sites(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	var out []MissingYear
	for _, site := range codes {
		book, err := p.Book(ctx, site)
		if err != nil {
			return nil, err
		}
		if year, missing := book.MissingYear(site, now); missing {
			out = append(out, MissingYear{site, year})
		}
	}
	return out, nil
}
