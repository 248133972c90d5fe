package deduction_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestLOS08EverySetKeepsTheLawsCapAndNoneHasAMinimumWageOfItsOwn(t *testing.T) { // POL-08
	t.Parallel()
	for _, set := range []string{"mine", "workshop", "plant", "appliance-service", "power-station"} {
		raw, err := os.ReadFile("../../deploy/policies/" + set + "/compensation.json")
		require.NoError(t, err)
		var file struct{ Content policy.Compensation }
		require.NoError(t, json.Unmarshal(raw, &file))
		for _, least := range []int64{file.Content.MinimumWageFen, 250_000} {
			file.Content.MinimumWageFen = least
			content, err := json.Marshal(file.Content)
			require.NoError(t, err)
			at := domain.At(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
			b, err := policy.NewBook([]policy.Recorded{{ID: uuid.UUID{15: 9}, Version: policy.VersionRecorded{
				Kind: policy.KindCompensation, Set: set, Version: 1, EffectiveFrom: at, Hash: "h", Content: content,
			}}}, policy.Follows{Site: "mine", Set: set, From: at})
			require.NoError(t, err)
			s := fold(deduction.Opened{At: june, Person: li, Year: 2026}, entered(pump, "P", "2026-06", 100_000))
			// 20 % of 3,000 yuan are 600; 2,500 are left at least, so 500 are taken
			events, err := deduction.Decide(s, deduction.Post{At: june, Site: "mine", Month: "2026-06", WageFen: 300_000, Digest: "d", Book: b})
			if least == 0 {
				require.ErrorContains(t, err, "POL-08", set)
				continue
			}
			require.NoError(t, err, set)
			require.Equal(t, int64(50_000), events[0].(deduction.Posted).TakenFen, set)
			require.Equal(t, int64(200_000), events[0].(deduction.Posted).CapPPM, set)
		}
	}
}

// A person under several losses, months of part wages, and what comes after.
func TestLOS08SeveralLossesAndMonthsOfPartWagesByHand(t *testing.T) {
	t.Parallel()
	valve := uuid.UUID{15: 3}
	opened := deduction.Opened{At: june, Person: li, Year: 2026, Debts: []deduction.Debt{}, Months: []deduction.Posting{}}
	three := []deduction.Event{
		opened, entered(pump, "P", "2026-06", 10_001), entered(wrench, "W", "2026-06", 3_334), entered(valve, "V", "2026-07", 70_000),
	}
	with := func(events ...deduction.Event) []deduction.Event {
		return append(append([]deduction.Event{}, three...), events...)
	}
	// June gives 100.01 and 33.34; the third loss begins with July.
	june1 := posted("2026-06", 300_000, 13_335, 70_000, false, entry(pump, "P", 10_001), entry(wrench, "W", 3_334))
	cancelled := func(how deduction.How, of uuid.UUID, number string, open, back int64) deduction.Cancelled {
		return deduction.Cancelled{At: june, Loss: of, Number: number, How: how, CancelledFen: open, RefundFen: back, Month: "2026-07"}
	}
	cancel := func(how deduction.How, of uuid.UUID, refund bool) deduction.Cancel {
		return deduction.Cancel{At: june, Loss: of, How: how, Refund: refund, Month: "2026-07"}
	}
	part := posted("2026-07", 200_000, 0, 70_000, false)
	decidertest.Run(t, deduction.Decide, deduction.Evolve, []decidertest.Case[deduction.Command, deduction.Event]{
		{
			Name: "POL-08 without a policy of compensation nothing is deducted", Given: three,
			When: deduction.Post{At: june, Site: "mine", Month: "2026-06", WageFen: 300_000, Digest: "d"}, Refused: "POL-08", Key: "policy.kind_not_loaded",
		},
		{Name: "LOS-08 nobody owes less than nothing", Given: three, When: deduction.Enter{At: june, Person: li, Year: 2026, Loss: uuid.UUID{15: 9}, From: "2026-06", AmountFen: -1}, Refused: "LOS-08", Key: "loss.amount_out_of_range"},
		{Name: "LOS-08 nor more than is reckoned with", Given: three, When: deduction.Enter{At: june, Person: li, Year: 2026, Loss: uuid.UUID{15: 9}, From: "2026-06", AmountFen: deduction.MostFen + 1}, Refused: "LOS-08", Key: "loss.amount_out_of_range"},
		{Name: "LOS-08 two losses are paid in one month to the fen, the third waits for its own", Given: three, When: wage("2026-06", 300_000), Then: []deduction.Event{june1}},
		{
			Name: "LOS-08 a month of part wages: 1 fen above the minimum is 1 fen", Given: with(june1), When: wage("2026-07", 200_001),
			Then: []deduction.Event{posted("2026-07", 200_001, 1, 69_999, false, entry(valve, "V", 1))},
		},
		{Name: "LOS-08 a month of part wages at the minimum gives nothing", Given: with(june1), When: wage("2026-07", 200_000), Then: []deduction.Event{part}},
		{
			Name: "LOS-08 the rest of that month's wage comes later: the month is one", Given: with(june1, part), When: wage("2026-07", 350_000),
			Then: []deduction.Event{posted("2026-07", 350_000, 70_000, 0, true, entry(valve, "V", 70_000))},
		},
		{Name: "LOS-08 who left earns nothing and pays nothing", Given: with(june1), When: wage("2026-08", 0), Then: []deduction.Event{posted("2026-08", 0, 0, 70_000, false)}},
		{
			Name: "LOS-08 20 % of 2,999.99 yuan are rounded down to the fen", Given: []deduction.Event{opened, entered(pump, "P", "2026-06", 100_000)}, When: wage("2026-06", 299_999),
			Then: []deduction.Event{posted("2026-06", 299_999, 59_999, 40_001, false, entry(pump, "P", 59_999))},
		},
		{Name: "LOS-09 the second of three is found: only that one goes back", Given: with(june1), When: cancel("found", wrench, true), Then: []deduction.Event{cancelled("found", wrench, "W", 0, 3_334)}},
		{
			Name: "LOS-11 waived after a part was deducted: only what is open goes", Given: with(june1, posted("2026-07", 205_000, 5_000, 65_000, false, entry(valve, "V", 5_000))),
			When: cancel("waived", valve, false), Then: []deduction.Event{cancelled("waived", valve, "V", 65_000, 0)},
		},
		{
			Name:  "LOS-09 and when it is found after that, the part goes back too",
			Given: with(june1, posted("2026-07", 205_000, 5_000, 65_000, false, entry(valve, "V", 5_000)), cancelled("waived", valve, "V", 65_000, 0)),
			When:  cancel("found", valve, true), Then: []deduction.Event{cancelled("found", valve, "V", 0, 5_000)},
		},
		{
			Name:  "LOS-09 what went back once does not go back again",
			Given: with(june1, posted("2026-07", 205_000, 5_000, 65_000, false, entry(valve, "V", 5_000)), cancelled("found", valve, "V", 65_000, 5_000)),
			When:  cancel("withdrawn", valve, true),
		},
		{
			Name:  "LOS-09 a wage that is corrected after the refund makes room for nothing: what the month gave it gave",
			Given: with(june1, cancelled("found", pump, "P", 0, 10_001)), When: wage("2026-06", 310_000), Then: []deduction.Event{posted("2026-06", 310_000, 13_335, 70_000, true)},
		},
		{
			Name:  "LOS-08 a wage corrected down after one of two was refunded gives back of the other alone",
			Given: with(june1, cancelled("found", pump, "P", 0, 10_001)), When: wage("2026-06", 201_000),
			Then: []deduction.Event{posted("2026-06", 201_000, 11_001, 72_334, true, entry(wrench, "W", -2_334))},
		},
	})
}
