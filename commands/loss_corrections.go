package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/loss"
)

// LossConsequences is what taking a wrongly booked loss back would change (AUD-02).
type LossConsequences struct {
	Loss     uuid.UUID             `json:"loss"`
	Status   loss.Status           `json:"status"`
	Accounts []AccountConsequences `json:"accounts"` // by person
	Points   int64                 `json:"points"`   // of appraisal that are taken back
}

// AccountConsequences is what it would change of one person's account, in fen.
type AccountConsequences struct {
	Person       string `json:"person"`
	CancelledFen int64  `json:"cancelled_fen"` // not deducted any more
	RefundFen    int64  `json:"refund_fen"`    // goes back
}

// Digest stands for the list: another list has another one.
func (c LossConsequences) Digest() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // plain values always encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Consequences lists what taking a loss back would change as things stand. It
// changes nothing.
func (l *Losses) Consequences(ctx context.Context, r Request, id uuid.UUID) (LossConsequences, error) {
	s, err := l.state(ctx, id)
	if err != nil {
		return LossConsequences{}, err
	}
	if !r.sees(s.Opened.Site) {
		return LossConsequences{}, ErrNotFound
	}
	return l.consequences(ctx, id, s)
}

func (l *Losses) consequences(ctx context.Context, id uuid.UUID, s loss.State) (LossConsequences, error) {
	out := LossConsequences{Loss: id, Status: s.Status, Accounts: []AccountConsequences{}, Points: s.Points}
	for _, person := range s.Persons() {
		account, err := l.accounts.account(ctx, person)
		if err != nil {
			return out, fmt.Errorf("find account of %s: %w", person, err)
		}
		d, _ := account.Debt(id)
		out.Accounts = append(out.Accounts, AccountConsequences{
			Person: person, CancelledFen: d.OpenFen(), RefundFen: d.DeductedFen - d.RefundedFen,
		})
	}
	return out, nil
}

// CorrectLoss asks for a wrongly booked loss to be taken back.
type CorrectLoss struct {
	At           *time.Time `json:"at"`
	Reason       string     `json:"reason"`       // no personal data
	Consequences string     `json:"consequences"` // digest of the list that the actor has seen
}

// RequestCorrection asks for a loss to be taken back; a second person confirms (AUD-02).
func (l *Losses) RequestCorrection(ctx context.Context, r Request, id uuid.UUID, in CorrectLoss) (Result, error) {
	return l.correct(ctx, r, "loss.request_correction", id, in.At, in, func(now moment, digest string) loss.Command {
		return loss.RequestCorrection{At: now.At, By: r.Actor.Person, Reason: in.Reason, Consequences: digest, Seen: in.Consequences}
	})
}

// ConfirmLossCorrection confirms that a loss is taken back.
type ConfirmLossCorrection struct {
	At           *time.Time `json:"at"`
	Consequences string     `json:"consequences"` // digest of the list that the actor has seen
}

// ConfirmCorrection takes a loss back that another person asked for; the
// accounts follow by events, and what was known before stays as it was (AUD-02).
func (l *Losses) ConfirmCorrection(ctx context.Context, r Request, id uuid.UUID, in ConfirmLossCorrection) (Result, error) {
	return l.correct(ctx, r, "loss.confirm_correction", id, in.At, in, func(now moment, digest string) loss.Command {
		return loss.ConfirmCorrection{At: now.At, By: r.Actor.Person, Consequences: digest, Seen: in.Consequences}
	})
}

// correct runs a command that needs the consequences as they are.
func (l *Losses) correct(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, input any,
	build func(now moment, digest string) loss.Command,
) (Result, error) {
	return l.on(ctx, r, operation, id, at, input, nil, func(now moment, m *material) loss.Command {
		var list LossConsequences
		s, err := l.state(ctx, id)
		if err == nil {
			list, err = l.consequences(ctx, id, s)
		}
		m.err = err
		return build(now, list.Digest())
	})
}
