package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/policy"
)

// sound is a content that nothing is wrong with; change makes one thing wrong.
func sound(t *testing.T, change func(*policy.Compensation)) string {
	t.Helper()
	c := policy.Compensation{
		Method: policy.ValueLeft, FloorPPM: 50_000, CapPPM: 200_000, Points: 50, Replacement: &policy.Replacement{Days: 3},
		Payers:   policy.Payers{Personal: policy.PayerHolder, Shared: policy.PayerShift, Special: policy.PayerLeader, Pool: policy.PayerHolder},
		Standard: &policy.Standard{Lines: []policy.StandardLine{{Kind: "wrench", AmountFen: 8_000}, {Kind: "drill", AmountFen: 0}}},
	}
	change(&c)
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	return string(raw)
}

func TestLOS03ToLOS10EachFaultOfCompensationIsNamed(t *testing.T) {
	t.Parallel()
	_, err := policy.Decide(policy.State{}, record(policy.KindCompensation, sound(t, func(*policy.Compensation) {})))
	require.NoError(t, err)
	cases := map[string]struct {
		change func(*policy.Compensation)
		want   string
	}{
		"a method that is none":                  {func(c *policy.Compensation) { c.Method = "guess" }, "/content/method LOS-03"},
		"a floor below nothing":                  {func(c *policy.Compensation) { c.FloorPPM = -1 }, "/content/floor_ppm LOS-04"},
		"a floor above the price":                {func(c *policy.Compensation) { c.FloorPPM = 1_000_001 }, "/content/floor_ppm LOS-04"},
		"an excuse that is none":                 {func(c *policy.Compensation) { c.Excuse = "rain" }, "/content/excuse LOS-02"},
		"nobody pays for shared tools":           {func(c *policy.Compensation) { c.Payers.Shared = "" }, "/content/payers/shared LOS-05"},
		"HR above less than nothing":             {func(c *policy.Compensation) { c.HRAboveFen = -1 }, "/content/hr_above_fen LOS-07"},
		"a replacement within no day":            {func(c *policy.Compensation) { c.Replacement.Days = 0 }, "/content/replacement/days LOS-06"},
		"a replacement within two years":         {func(c *policy.Compensation) { c.Replacement.Days = 367 }, "/content/replacement/days LOS-06"},
		"a cap above the law's":                  {func(c *policy.Compensation) { c.CapPPM = 200_001 }, "/content/cap_ppm LOS-08"},
		"a cap of nothing":                       {func(c *policy.Compensation) { c.CapPPM = 0 }, "/content/cap_ppm LOS-08"},
		"a minimum wage below nothing":           {func(c *policy.Compensation) { c.MinimumWageFen = -1 }, "/content/minimum_wage_fen LOS-08"},
		"points below nothing":                   {func(c *policy.Compensation) { c.Points = -1 }, "/content/points LOS-10"},
		"more points than there are":             {func(c *policy.Compensation) { c.Points = 1_001 }, "/content/points LOS-10"},
		"a standard without a line":              {func(c *policy.Compensation) { c.Standard.Lines = []policy.StandardLine{} }, "/content/standard/lines LOS-03"},
		"a standard of no kind":                  {func(c *policy.Compensation) { c.Standard.Lines[1].Kind = "" }, "/content/standard/lines/1/kind LOS-03"},
		"a standard that says a kind twice":      {func(c *policy.Compensation) { c.Standard.Lines[1].Kind = "wrench" }, "/content/standard/lines/1/kind LOS-03"},
		"a standard below nothing":               {func(c *policy.Compensation) { c.Standard.Lines[0].AmountFen = -1 }, "/content/standard/lines/0/amount_fen LOS-03"},
		"a standard above what is reckoned with": {func(c *policy.Compensation) { c.Standard.Lines[0].AmountFen = 1_000_000_000_001 }, "/content/standard/lines/0/amount_fen LOS-03"},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		require.Equal(t, []string{cases[name].want}, faultsOf(t, policy.KindCompensation, sound(t, cases[name].change)), name)
	}
}

func TestLOS03AKindWithoutALineIsInNoStandard(t *testing.T) {
	t.Parallel()
	c := policy.Compensation{Standard: &policy.Standard{Lines: []policy.StandardLine{{Kind: "wrench", AmountFen: 8_000}, {Kind: "drill"}}}}
	for kind, want := range map[string]struct {
		fen    int64
		listed bool
	}{"wrench": {8_000, true}, "drill": {0, true}, "pump": {}} {
		fen, listed := c.StandardOf(kind)
		require.Equal(t, want.fen, fen, kind)
		require.Equal(t, want.listed, listed, kind)
	}
	_, listed := policy.Compensation{}.StandardOf("wrench")
	require.False(t, listed, "where none is loaded")
}
