package site_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestRegisteringASite(t *testing.T) {
	t.Parallel()
	now := domain.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	mine := site.Registered{At: now, Code: "mine-1", Name: "Mine", Zone: "Asia/Shanghai"}
	decidertest.Run(t, site.Decide, site.Evolve, []decidertest.Case[site.Command, site.Event]{
		{Name: "POL-06 a site is registered", When: site.Register(mine), Then: []site.Event{mine}},
		{Name: "TKT-02 the same facts again change nothing", Given: []site.Event{mine}, When: site.Register{At: domain.At(now.Add(1)), Code: "mine-1", Name: "Mine", Zone: "Asia/Shanghai"}},
		{Name: "POL-06 another zone is refused", Given: []site.Event{mine}, When: site.Register{At: now, Code: "mine-1", Name: "Mine", Zone: "UTC"}, Refused: "POL-06"},
		{Name: "ORG-03 a zone is known", When: site.Register{At: now, Code: "m", Zone: "Mars"}, Invalid: "/zone"},
		{Name: "ORG-03 a zone is named", When: site.Register{At: now, Code: "m"}, Invalid: "/zone"},
		{Name: "POL-06 a code is not empty", When: site.Register{At: now, Zone: "UTC"}, Invalid: "/code"},
		{Name: "POL-06 a code is fit for a stream name", When: site.Register{At: now, Code: "a b", Zone: "UTC"}, Invalid: "/code"},
		{Name: "POL-06 a code is short", When: site.Register{At: now, Code: strings.Repeat("a", 41), Zone: "UTC"}, Invalid: "/code"},
		{Name: "AUD-01 a registration has a time", When: site.Register{Code: "m", Zone: "UTC"}, Invalid: "/at"},
	})
}

func TestChoosingASetOfPolicies(t *testing.T) {
	t.Parallel()
	at := func(n int) domain.Instant { return domain.At(time.Date(2026, 3, n, 8, 0, 0, 0, time.UTC)) }
	mine := site.Registered{At: at(1), Code: "mine-1", Name: "Mine", Zone: "Asia/Shanghai"}
	choose := func(set string, from int) site.ChoosePolicySet {
		return site.ChoosePolicySet{At: at(9), Set: set, EffectiveFrom: at(from), Reason: "as agreed"}
	}
	chosen := func(set string, from int) site.PolicySetChosen { return site.PolicySetChosen(choose(set, from)) }
	decidertest.Run(t, site.Decide, site.Evolve, []decidertest.Case[site.Command, site.Event]{
		{Name: "POL-06 a site follows a set from a day on", Given: []site.Event{mine}, When: choose("mine", 2), Then: []site.Event{chosen("mine", 2)}},
		{Name: "POL-07 a set may have a name of its own", Given: []site.Event{mine}, When: choose("our-own", 2), Then: []site.Event{chosen("our-own", 2)}},
		{Name: "TKT-02 the set that it follows then already", Given: []site.Event{mine, chosen("mine", 2)}, When: choose("mine", 5)},
		{Name: "POL-06 the same set from an earlier day on", Given: []site.Event{mine, chosen("mine", 5)}, When: choose("mine", 2), Then: []site.Event{chosen("mine", 2)}},
		{Name: "POL-06 another one on the same day", Given: []site.Event{mine, chosen("mine", 5)}, When: choose("plant", 5), Then: []site.Event{chosen("plant", 5)}},
		{Name: "TKT-02 the one chosen last on a day holds", Given: []site.Event{mine, chosen("mine", 5), chosen("plant", 5)}, When: choose("plant", 6)},
		{Name: "POL-06 a site may follow none any more", Given: []site.Event{mine, chosen("mine", 5)}, When: choose("", 6), Then: []site.Event{chosen("", 6)}},
		{Name: "TKT-02 a site that follows none", Given: []site.Event{mine}, When: choose("", 6)},
		{Name: "POL-06 a set has a legal name", Given: []site.Event{mine}, When: choose("A b", 6), Invalid: "/set"},
		{Name: "POL-06 a choice has a start", Given: []site.Event{mine}, When: site.ChoosePolicySet{At: at(1), Set: "mine", Reason: "x"}, Invalid: "/effective_from"},
		{Name: "POL-06 a choice has a reason", Given: []site.Event{mine}, When: site.ChoosePolicySet{At: at(1), Set: "mine", EffectiveFrom: at(1)}, Invalid: "/reason"},
		{Name: "ORG-06 the site is there", When: choose("mine", 2), Invalid: "/site"},
		{Name: "TKT-02 a registration again after a choice", Given: []site.Event{mine, chosen("mine", 2)}, When: site.Register(mine)},
	})
}
