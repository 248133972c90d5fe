package commands

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/claim"
)

func claimDecider() Decider[claim.State, claim.Command, claim.Event] {
	return Decider[claim.State, claim.Command, claim.Event]{
		Name: "claim", Version: "claim/1", Decide: claim.Decide,
		Evolve: func(s claim.State, _ uint64, e claim.Event) claim.State { return claim.Evolve(s, e) },
	}
}

// claims hands out natural keys: one holder each, by who starts the claim's stream.
type claims struct{ *useCases }

// numbered are the rules by which things have numbers that nothing else has.
// The keys of persons and units may tell of a person, and are not told.
var numbered = map[string]string{"tool": "TOL-01", "kit": "TOL-05"}

// claim takes key for holder; a *domain.RuleError if another holds it.
func (c *claims) claim(ctx context.Context, call Call, kind string, key domain.ExternalKey, holder uuid.UUID) error {
	stream := claimStream(kind, call.Site, key.System, key.Key)
	call.ID = uuid.NewSHA1(call.ID, []byte("claim"))
	call.Type, call.Expected = "claim.take", nil
	_, err := Execute(ctx, c.x, claimDecider(), stream, Given[claim.Command](call, claim.Take{
		Kind: kind, Holder: holder, KeyHash: stream[len("fl.claim-"+kind+"-"):],
	}))
	var taken *domain.RuleError
	if rule := numbered[kind]; rule != "" && errors.As(err, &taken) {
		return domain.Refuse(rule, "claim.number_taken", "kind", kind, "number", key.Key)
	}
	return err
}
