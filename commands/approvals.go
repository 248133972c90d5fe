package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

func approvalDecider() Decider[approval.State, approval.Command, approval.Event] {
	return Decider[approval.State, approval.Command, approval.Event]{
		Name: "approval", Version: "approval/1", Decide: approval.Decide,
		Evolve: func(s approval.State, _ uint64, e approval.Event) approval.State {
			if e == nil { // struck
				return s
			}
			return approval.Evolve(s, e)
		},
	}
}

// Approvals are the use cases of approvals of an issue, a hand-over, a
// scrapping or a stock correction (ADR 0027). Who asks, gives, refuses and
// withdraws is the actor. Errors are those of Execute and ErrNotFound.
type Approvals struct{ supply }

// RequestApproval asks for an approval.
type RequestApproval struct {
	Site   string               `json:"site"` // code
	Act    approval.Act         `json:"act"`
	Tools  []uuid.UUID          `json:"tools"`
	Kit    uuid.UUID            `json:"kit"`    // for all tools on its list; zero for none
	Kind   string               `json:"kind"`   // for any tool of it
	Pieces int                  `json:"pieces"` // of a kind
	To     *tool.Holder         `json:"to"`
	Scope  []tool.Holder        `json:"scope"`
	Stock  *approval.Correction `json:"stock"`
	Reason string               `json:"reason"` // no personal data
}

// Request asks for an approval; the tools must be the site's.
func (a *Approvals) Request(ctx context.Context, r Request, in RequestApproval) (Registered, error) {
	return begin(ctx, &a.supply, r, approvalDecider(), uuid.Nil, "approval.request", in.Site, nil, in,
		func(ctx context.Context, call Call, _ uuid.UUID, book *policy.Book) (approval.Command, error) {
			if in.Kit != uuid.Nil {
				k, err := Current(ctx, a.x, kitDecider(), StreamOf("kit", in.Kit))
				if err != nil {
					return nil, fmt.Errorf("find kit %s: %w", in.Kit, err)
				}
				in.Tools = append(in.Tools, k.Tools...)
			}
			if len(in.Tools) > approval.MostPieces {
				return nil, domain.Invalid("/tools", in.Act.Rule(), "approval.pieces_wrong", "most", approval.MostPieces)
			}
			for i, id := range in.Tools {
				st, err := Current(ctx, a.x, toolDecider(), StreamOf("tool", id))
				if err != nil {
					return nil, fmt.Errorf("find tool %s: %w", id, err)
				}
				if st.Site != in.Site {
					return nil, domain.Invalid("/tools/"+strconv.Itoa(i), "TOL-01", "tool.unknown")
				}
			}
			if in.To != nil && in.To.Kind == tool.Person {
				if err := a.known(ctx, in.To.Who, domain.Invalid("/to/who", "ORG-01", "tool.person_unknown")); err != nil {
					return nil, err
				}
			}
			return approval.Request{
				At: call.OccurredAt, Site: in.Site, By: r.Actor.Person, Reason: in.Reason, Book: book,
				Covers: approval.Covers{Act: in.Act, Tools: in.Tools, Kind: in.Kind, Pieces: in.Pieces, To: in.To, Scope: in.Scope, Stock: in.Stock},
			}, nil
		})
}

// Give is the actor's signature, now: nobody signs for another time.
func (a *Approvals) Give(ctx context.Context, r Request, id uuid.UUID) (Result, error) {
	return on(ctx, &a.supply, r, approvalDecider(), "approval.give", id, nil, struct{}{},
		func(ctx context.Context, call Call, _ *policy.Book) (approval.Command, error) {
			who, err := a.recipientOf(ctx, tool.Holder{Kind: tool.Person, Who: r.Actor.Person}, call.OccurredAt.Time)
			return approval.Give{At: call.OccurredAt, By: signer(r), Team: who.Team}, err
		})
}

// Refuse ends a request.
func (a *Approvals) Refuse(ctx context.Context, r Request, id uuid.UUID, reason string) (Result, error) {
	return on(ctx, &a.supply, r, approvalDecider(), "approval.refuse", id, nil, Reasoned{Reason: reason},
		func(_ context.Context, call Call, _ *policy.Book) (approval.Command, error) {
			return approval.Refuse{At: call.OccurredAt, By: signer(r), Reason: reason}, nil
		})
}

// Withdraw ends an approval that is not used up, by who asked for it or signed it.
func (a *Approvals) Withdraw(ctx context.Context, r Request, id uuid.UUID, reason string) (Result, error) {
	return on(ctx, &a.supply, r, approvalDecider(), "approval.withdraw", id, nil, Reasoned{Reason: reason},
		func(ctx context.Context, call Call, _ *policy.Book) (approval.Command, error) {
			st, err := Current(ctx, a.x, approvalDecider(), StreamOf("approval", id))
			if err != nil {
				return nil, err
			}
			void, err := a.void(ctx, st, nil)
			return approval.Withdraw{At: call.OccurredAt, By: r.Actor.Person, Reason: reason, Void: void}, err
		})
}

// approvals let commands through that need one.
type approvals struct{ *useCases }

// claiming is what a command does by an approval.
type claiming struct {
	ID      uuid.UUID // of the approval; zero for none
	Act     approval.Act
	Stream  Stream // of what is decided by it
	Name    string // of that stream
	Tool    *uuid.UUID
	Kind    string
	To      tool.Holder
	Scope   []tool.Holder
	Stock   *approval.Correction
	Parties []string // person ids
	Late    bool
}

// by is whose approval it is: nothing where none is named. Errors are those of
// the decision to use it, which is made again when it is used.
func (a *approvals) by(ctx context.Context, call Call, in claiming) (approvedBy string, id *uuid.UUID, err error) {
	if in.ID == uuid.Nil {
		return "", nil, nil
	}
	st, err := Current(ctx, a.x, approvalDecider(), StreamOf("approval", in.ID))
	if err != nil {
		return "", nil, fmt.Errorf("find approval %s: %w", in.ID, err)
	}
	c, err := a.command(ctx, call, in)
	if err == nil {
		_, err = approval.Decide(st, c)
	}
	return st.By(), &in.ID, err
}

// claim uses an approval for a command that is about to be stored at the
// revision at which its stream stands.
func (a *approvals) claim(ctx context.Context, call Call, in claiming) error {
	if in.ID == uuid.Nil {
		return nil
	}
	n := nested(call, "approval/"+in.Name+"/"+strconv.FormatInt(in.Stream.Revision, 10))
	n.Type, n.Site = "approval.use", in.Stream.Site
	_, err := Execute(ctx, a.x, approvalDecider(), StreamOf("approval", in.ID), Step[approval.Command]{
		Call: n,
		Make: func(ctx context.Context, _ Stream) (approval.Command, error) { return a.command(ctx, call, in) },
	})
	return err
}

func (a *approvals) command(ctx context.Context, call Call, in claiming) (approval.Command, error) {
	st, err := Current(ctx, a.x, approvalDecider(), StreamOf("approval", in.ID))
	if err != nil {
		return nil, fmt.Errorf("find approval %s: %w", in.ID, err)
	}
	void, err := a.void(ctx, st, in.Tool)
	return approval.Claim{
		At: call.OccurredAt, Site: in.Stream.Site, Act: in.Act, Kind: in.Kind, To: in.To, Scope: in.Scope, Stock: in.Stock,
		Parties: append([]string{call.Actor.Person, personOf(in.To)}, in.Parties...), Late: in.Late, Void: void,
		Use: approval.Use{
			Command: call.ID, Stream: in.Name, Revision: in.Stream.Revision, Tool: in.Tool, By: call.Actor.Person, At: domain.At(a.Clock.Now()),
		},
	}, err
}

// void returns the commands of the uses that came to nothing: the stream
// moved on without the command, or no request waits that long (as with cards).
// They are looked for only if nothing else is left for a use of a tool.
func (u *useCases) void(ctx context.Context, st approval.State, of *uuid.UUID) ([]uuid.UUID, error) {
	out := []uuid.UUID{}
	if !st.Full(of) {
		return out, nil
	}
	for _, use := range st.Uses {
		revision, came, err := u.came(ctx, use)
		if err != nil {
			return nil, err
		}
		if !came && (revision > use.Revision || u.Clock.Now().Sub(use.At.Time) >= inFlight) {
			out = append(out, use.Command)
		}
	}
	return out, nil
}

// came reports at which revision the stream of a use is, and whether its command is in it.
func (u *useCases) came(ctx context.Context, use approval.Use) (revision int64, came bool, err error) {
	events, err := u.Store.ReadStream(ctx, use.Stream, 0)
	if err != nil && !errors.Is(err, ErrStreamNotFound) {
		return 0, false, fmt.Errorf("look what came of a use in %s: %w", use.Stream, err)
	}
	for _, e := range events {
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		if err != nil {
			return 0, false, fmt.Errorf("envelope of %s@%d: %w", e.Stream, e.Revision, err)
		}
		came = came || env.Command.ID == use.Command
	}
	return int64(len(events)) - 1, came, nil
}
