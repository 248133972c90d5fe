package claim_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/claim"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestTakingAKey(t *testing.T) {
	t.Parallel()
	take := func(holder byte) claim.Take {
		return claim.Take{Kind: "person", Holder: uuid.UUID{15: holder}, KeyHash: "ab"}
	}
	decidertest.Run(t, claim.Decide, claim.Evolve, []decidertest.Case[claim.Command, claim.Event]{
		{Name: "ORG-01 a free key goes to who asks", When: take(1), Then: []claim.Event{claim.Claimed(take(1))}},
		{Name: "TKT-02 the holder may ask again", Given: []claim.Event{claim.Claimed(take(1))}, When: take(1)},
		{Name: "ORG-01 a key has one holder", Given: []claim.Event{claim.Claimed(take(1))}, When: take(2), Refused: "ORG-01", Key: "claim.taken"},
		{Name: "ORG-01 nobody takes no key", When: take(0), Invalid: "/holder"},
	})
}
