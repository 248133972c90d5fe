package team_test

import (
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/team"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestRegisteringATeam(t *testing.T) {
	t.Parallel()
	now := domain.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	later := domain.At(now.Add(time.Hour))
	keys := []domain.ExternalKey{{System: "old-desk", Key: "Group 70"}}
	desk := team.Registered{At: now, Code: "Group 70", Name: "Desk", External: keys}
	decidertest.Run(t, team.Decide, team.Evolve, []decidertest.Case[team.Command, team.Event]{
		{Name: "ORG-06 a team is registered", When: team.Register{At: now, Code: "Group 70", Name: "Desk", External: keys}, Then: []team.Event{desk}},
		{
			Name: "ORG-06 a team without keys has an empty list", When: team.Register{At: now, Code: "T"},
			Then: []team.Event{team.Registered{At: now, Code: "T", External: []domain.ExternalKey{}}},
		},
		{Name: "TKT-02 the same facts again change nothing", Given: []team.Event{desk}, When: team.Register{At: later, Code: "Group 70", Name: "Desk", External: keys}},
		{Name: "ORG-06 another name is refused", Given: []team.Event{desk}, When: team.Register{At: later, Code: "Group 70", Name: "Counter", External: keys}, Refused: "ORG-06"},
		{Name: "ORG-06 a team has a code", When: team.Register{At: now}, Invalid: "/code"},
		{Name: "AUD-01 a registration has a time", When: team.Register{Code: "T"}, Invalid: "/at"},
	})
}
