package scrap_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var noon = domain.At(time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC))

func rules(routes ...policy.Route) *policy.Book {
	raw, err := json.Marshal(policy.Purchasing{Scrap: routes})
	if err != nil {
		panic(err)
	}
	b, err := policy.NewBook([]policy.Recorded{{Version: policy.VersionRecorded{Kind: policy.KindPurchasing, Site: "plant", Version: 1, Hash: "h", Content: raw}}})
	if err != nil {
		panic(err)
	}
	return b
}

func TestScrap(t *testing.T) {
	t.Parallel()
	plant := rules(
		policy.Route{Approvals: []string{"head", "equipment", "leader"}},
		policy.Route{FromFen: 50_001, Approvals: []string{"head", "equipment", "leader", "gm"}},
	)
	service := rules(policy.Route{Approvals: []string{"manager"}, Causes: []string{"expired", "worn_out"}})
	ask := func(fen int64, cause scrap.Cause, book *policy.Book) scrap.Request {
		return scrap.Request{At: noon, Site: "plant", Tool: "t", Number: "W-1", PriceFen: fen, Cause: cause, Reason: "r", By: "li", Book: book}
	}
	asked := func(fen int64, needs ...string) scrap.Requested {
		return scrap.Requested{
			At: noon, Site: "plant", Tool: "t", Number: "W-1", PriceFen: fen, Cause: scrap.WornOut, Reason: "r", By: "li", Needs: needs,
			Policy: domain.PolicyRef{Version: 1, Hash: "h"},
		}
	}
	signed := func(role, by string, last bool) scrap.Approved {
		return scrap.Approved{At: noon, Signed: approval.Signature{Role: role, By: by}, Complete: last}
	}
	approve := func(by string, standing tool.Standing, roles ...string) scrap.Approve {
		return scrap.Approve{At: noon, By: approval.Signer{Person: by, Roles: roles}, Standing: standing}
	}
	two := []scrap.Event{asked(1, "head", "leader"), signed("head", "h", false)}
	over := slices.Concat(two, []scrap.Event{signed("leader", "l", true)})
	decidertest.Run(t, scrap.Decide, scrap.Evolve, []decidertest.Case[scrap.Command, scrap.Event]{
		{Name: "STK-08 500 yuan needs no GM", When: ask(50_000, scrap.WornOut, plant), Then: []scrap.Event{asked(50_000, "head", "equipment", "leader")}},
		{Name: "STK-08 above 500 yuan also the GM", When: ask(50_001, scrap.WornOut, plant), Then: []scrap.Event{asked(50_001, "head", "equipment", "leader", "gm")}},
		{Name: "STK-12 a service department scraps what is expired or worn", When: ask(1, scrap.Damaged, service), Refused: "STK-12"},
		{Name: "POL-08 scrap needs a policy", When: ask(1, scrap.Damaged, nil), Refused: "POL-08"},
		{Name: "STK-08 nobody signs a request of one's own", Given: two[:1], When: approve("li", tool.StandingInStore, "head"), Refused: "STK-08", Key: "approval.own"},
		{Name: "STK-08 each in turn", Given: two[:1], When: approve("l", tool.StandingInStore, "leader"), Refused: "STK-08", Key: "approval.role_missing"},
		{Name: "STK-08 one person signs once", Given: two, When: approve("h", tool.StandingInStore, "head", "leader"), Refused: "STK-08", Key: "approval.twice"},
		{Name: "STK-08 what is given out does not end", Given: two, When: approve("l", tool.StandingLent, "leader"), Refused: "STK-08", Key: "scrap.not_in_store"},
		{Name: "STK-08 the last signature ends the tool", Given: two, When: approve("l", tool.StandingInStore, "leader"), Then: over[2:]},
		{Name: "STK-08 the tool ended", Given: over, When: scrap.Settle{At: noon, Standing: tool.StandingScrapped, Ended: true}, Then: []scrap.Event{scrap.CarriedOut{At: noon}}},
		{
			Name: "STK-08 it ended by another request", Given: over, When: scrap.Settle{At: noon, Standing: tool.StandingScrapped},
			Then: []scrap.Event{scrap.Failed{At: noon, Standing: tool.StandingScrapped}},
		},
		{Name: "STK-08 the tool could not end", Given: over, When: scrap.Settle{At: noon, Standing: tool.StandingLent}, Then: []scrap.Event{scrap.Failed{At: noon, Standing: tool.StandingLent}}},
		{
			Name: "STK-08 then the last signature is given again", Given: append(over[:3:3], scrap.Failed{At: noon, Standing: tool.StandingLent}),
			When: approve("l", tool.StandingInStore, "leader"), Then: over[2:],
		},
		{Name: "STK-08 proceeds come after the end", Given: over, When: scrap.Dispose{At: noon, How: "sold", ProceedsFen: 1, By: "b"}, Refused: "STK-08"},
	})
}
