package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
)

func policyDecider() Decider[policy.State, policy.RecordVersion, policy.Event] {
	return Decider[policy.State, policy.RecordVersion, policy.Event]{
		Name: "policy", Version: "policy/1", Decide: policy.Decide,
		Evolve: func(s policy.State, _ uint64, e policy.Event) policy.State { return policy.Evolve(s, e) },
	}
}

// Policies are the use cases of policies, and the source of the Book that
// every decision gets. One policy a site and kind; its id derives from both.
type Policies struct {
	*useCases
	mu    sync.Mutex
	books map[string]*shelf // by site
}

// shelf is the book of one site and how far its streams were read.
type shelf struct {
	book     *policy.Book
	versions []policy.Recorded
	read     map[string]uint64 // stream -> next revision
}

func newPolicies(u *useCases) *Policies { return &Policies{useCases: u, books: map[string]*shelf{}} }

// RecordPolicy adds a version to a site's policy of a kind (POL-01).
type RecordPolicy struct {
	Site          string          `json:"site"` // "" for every site without its own (POL-06)
	Kind          policy.Kind     `json:"kind"`
	EffectiveFrom time.Time       `json:"effective_from"`
	Reason        string          `json:"reason"`
	Approver      string          `json:"approver"`
	Content       json.RawMessage `json:"content"`
	// Confirmation stands for the list of what a late version would change, "" for none (POL-04).
	Confirmation string `json:"confirmation,omitempty"`
}

// Record records a version; the same content and start of effect again changes
// nothing. A late version is recorded without asking: RecordConfirmed asks.
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
	if in.Site == "" && r.Sites != nil || !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = in.Site
	if call.Site == "" {
		call.Site = "*"
	}
	id := p.IDs.Policy(in.Site, string(in.Kind))
	res, err := Execute(ctx, p.x, policyDecider(), StreamOf("policy", id), Step[policy.RecordVersion]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (policy.RecordVersion, error) {
			c := in.command(r)
			if confirm == nil {
				return c, nil
			}
			d, err := p.draft(ctx, c)
			if err == nil && d.Changed && d.Late { // POL-04
				err = confirm(ctx, d)
			}
			return c, err
		},
	})
	return Registered{Result: res, ID: id}, err
}

func (in RecordPolicy) command(r Request) policy.RecordVersion {
	return policy.RecordVersion{
		Kind: in.Kind, Name: string(in.Kind), Site: in.Site, EffectiveFrom: domain.At(in.EffectiveFrom),
		Author: r.Actor.Person, Approver: in.Approver, Reason: in.Reason, Content: in.Content, Confirmed: in.Confirmation,
	}
}

// Book returns the policy versions that decisions at a site may need, as
// recorded until now. The book never changes.
func (p *Policies) Book(ctx context.Context, site string) (*policy.Book, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.books[site]
	if !ok {
		s = &shelf{read: map[string]uint64{}}
		p.books[site] = s
	}
	before := len(s.versions)
	for _, of := range []string{"", site} {
		for _, kind := range []policy.Kind{policy.KindCalendar, policy.KindSLA, policy.KindCodes} {
			if err := p.readOn(ctx, s, p.IDs.Policy(of, string(kind))); err != nil {
				return nil, err
			}
		}
	}
	if s.book == nil || len(s.versions) != before {
		book, err := policy.NewBook(s.versions)
		if err != nil {
			return nil, fmt.Errorf("policies of site %s: %w", site, err)
		}
		s.book = book
	}
	return s.book, nil
}

// readOn adds what a policy's stream has got since it was last read.
func (p *Policies) readOn(ctx context.Context, s *shelf, id uuid.UUID) error {
	stream := StreamOf("policy", id)
	stored, err := p.Store.ReadStream(ctx, stream, s.read[stream])
	if errors.Is(err, ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read policy %s: %w", id, err)
	}
	for _, e := range stored {
		if err := s.add(id, e); err != nil {
			return err
		}
		s.read[stream] = e.Revision + 1
	}
	return nil
}

func (s *shelf) add(id uuid.UUID, e eventschemas.Recorded) error {
	ev, err := eventschemas.Decode(e.Type, e.Data)
	if err != nil {
		return fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
	}
	switch v := ev.(type) {
	case policy.VersionRecorded:
		s.versions = append(s.versions, policy.Recorded{ID: id, Version: v})
		return nil
	case record.Struck: // a version stays readable for what was judged by it (POL-01)
		return nil
	default:
		return fmt.Errorf("event %s@%d is a %T, which a policy does not have", e.Stream, e.Revision, ev)
	}
}

// Versions returns the versions that hold at a site or for every site, in the
// order in which they were recorded.
func (p *Policies) Versions(ctx context.Context, site string) ([]policy.Recorded, error) {
	if _, err := p.Book(ctx, site); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]policy.Recorded{}, p.books[site].versions...), nil
}
