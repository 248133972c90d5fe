package loss_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// shipped is what the set of regulations says of compensation, as it is shipped.
func shipped(t *testing.T, set string, changes ...func(*policy.Compensation)) *policy.Book {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/policies/" + set + "/compensation.json")
	require.NoError(t, err)
	var file struct{ Content policy.Compensation }
	require.NoError(t, json.Unmarshal(raw, &file))
	for _, change := range changes {
		change(&file.Content)
	}
	content, err := json.Marshal(file.Content)
	require.NoError(t, err)
	at := domain.At(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	b, err := policy.NewBook([]policy.Recorded{{ID: uuid.UUID{15: 9}, Version: policy.VersionRecorded{
		Kind: policy.KindCompensation, Set: set, Version: 1, Hash: "h", Content: content, EffectiveFrom: at,
	}}}, policy.Follows{Site: "mine", Set: set, From: at})
	require.NoError(t, err)
	return b
}

// decided is the state after the events of commands that are all accepted.
func decided(t *testing.T, s loss.State, commands ...loss.Command) loss.State {
	t.Helper()
	for _, c := range commands {
		events, err := loss.Decide(s, c)
		require.NoError(t, err, "%T", c)
		for _, e := range events {
			s = loss.Evolve(s, e)
		}
	}
	return s
}

// refused is the rule and key of a refusal.
func refused(t *testing.T, s loss.State, c loss.Command) (rule, key string) {
	t.Helper()
	_, err := loss.Decide(s, c)
	var no *domain.RuleError
	require.ErrorAs(t, err, &no)
	return no.Rule, no.Key
}

// A tool of 1,234.56 yuan with a life of 36 months, bought on 15 November 2024
// and lost on 14 March 2026: 15 whole months are used, the sixteenth would be
// on the 15th. Left are 21/36, 720.16 yuan.
func lostDear(use string) loss.Opened {
	o := opened(use, 123_456)
	o.Tool.PurchasedOn, o.LostOn = "2024-11-15", "2026-03-14"
	return o
}

func TestLOS03EverySetAssessesALossByItsOwnMethod(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]loss.Assessed{
		"mine":              {Method: policy.OriginalPrice, PriceFen: 123_456, AmountFen: 123_456},
		"workshop":          {Method: policy.ValueLeft, PriceFen: 123_456, UsedMonths: 15, LifeMonths: 36, LeftFen: 72_016, FloorFen: 6_173, AmountFen: 72_016},
		"plant":             {Method: policy.ValueLeft, PriceFen: 123_456, UsedMonths: 15, LifeMonths: 36, LeftFen: 72_016, FloorFen: 6_173, AmountFen: 72_016},
		"appliance-service": {Method: policy.ValueLeft, PriceFen: 123_456, UsedMonths: 15, LifeMonths: 36, LeftFen: 72_016, FloorFen: 6_173, AmountFen: 72_016},
		"power-station":     {Method: policy.ValueLeft, PriceFen: 123_456, UsedMonths: 15, LifeMonths: 36, LeftFen: 72_016, FloorFen: 6_173, AmountFen: 72_016},
	} {
		s := decided(t, loss.State{}, loss.Begin{Opened: lostDear("personal")}, loss.Assess{At: at(4), By: boss, Book: shipped(t, set)})
		want.At, want.By, want.Policy = at(4), boss, ref
		require.Equal(t, want, *s.Assessed, set)
	}
}

func TestLOS03ACompensationStandardGoesBeforeTheMethod(t *testing.T) {
	t.Parallel()
	listed := func(c *policy.Compensation) {
		c.Standard = &policy.Standard{Lines: []policy.StandardLine{{Kind: "drill", AmountFen: 1}, {Kind: "wrench", AmountFen: 8_000}}}
	}
	for _, c := range []struct {
		name, set, kind string
		basis           int64
		method          string
		fen             int64
	}{
		{"the standard of the kind, whatever it cost and however old", "workshop", "wrench", 0, loss.StandardAmount, 8_000},
		{"in its absence the value left (EXC-04, LOS-04)", "workshop", "pump", 0, policy.ValueLeft, 72_016},
		{"where a site under S2 loads one, too", "mine", "wrench", 0, loss.StandardAmount, 8_000},
		{"a repair below it is paid as it is (LOS-12)", "workshop", "wrench", 7_999, loss.GivenAmount, 7_999},
		{"a repair above it is not", "workshop", "wrench", 8_001, loss.StandardAmount, 8_000},
	} {
		o := lostDear("personal")
		o.Tool.Kind, o.BasisFen = c.kind, c.basis
		if c.basis > 0 {
			o.Cause = loss.Damage
		}
		s := decided(t, loss.State{}, loss.Begin{Opened: o}, loss.Assess{At: at(4), By: boss, Book: shipped(t, c.set, listed)})
		require.Equal(t, c.method, s.Assessed.Method, c.name)
		require.Equal(t, c.fen, s.Assessed.AmountFen, c.name)
		require.Equal(t, int64(123_456), s.Assessed.PriceFen, c.name)
	}
}

func TestLOS04WithoutALifeTableAValueIsRefusedAndTheOriginalPriceIsNot(t *testing.T) { // POL-08
	t.Parallel()
	o := lostDear("personal")
	o.Tool.LifeMonths = 0
	for set, known := range map[string]bool{"mine": true, "workshop": false, "plant": false, "appliance-service": false, "power-station": false} {
		s := decided(t, loss.State{}, loss.Begin{Opened: o})
		if known {
			require.Equal(t, int64(123_456), decided(t, s, loss.Assess{At: at(4), By: boss, Book: shipped(t, set)}).Assessed.AmountFen, set)
			continue
		}
		rule, key := refused(t, s, loss.Assess{At: at(4), By: boss, Book: shipped(t, set)})
		require.Equal(t, []string{"POL-08", "loss.life_missing"}, []string{rule, key}, set)
	}
}

func TestLOS04ASitesOwnMethodHasItsOwnFloor(t *testing.T) {
	t.Parallel()
	for floor, want := range map[int64]int64{0: 0, 1: 0, 4: 0, 5: 1, 50_000: 6_173, 1_000_000: 123_456} { // half a fen is 4.05 millionths of the price
		o := lostDear("personal")
		o.Tool.PurchasedOn = "2020-01-01" // its life is over
		s := decided(t, loss.State{}, loss.Begin{Opened: o}, loss.Assess{At: at(4), By: boss, Book: shipped(t, "plant", func(c *policy.Compensation) { c.FloorPPM = floor })})
		require.Equal(t, want, s.Assessed.AmountFen, floor)
	}
}

func TestLOS04ADayOfPurchaseThatIsNotKnownIsNoValue(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*loss.Opened){func(o *loss.Opened) { o.Tool.PurchasedOn = "" }, func(o *loss.Opened) { o.LostOn = "" }} {
		o := lostDear("personal")
		change(&o)
		rule, key := refused(t, loss.Evolve(loss.State{}, o), loss.Assess{At: at(4), By: boss, Book: plant})
		require.Equal(t, []string{"LOS-04", "loss.purchase_unknown"}, []string{rule, key})
	}
}

func TestLOS05EverySetSaysWhoPaysByTheUseOfTheTool(t *testing.T) {
	t.Parallel()
	holder := map[string]string{"personal": policy.PayerHolder, "shared": policy.PayerHolder, "special": policy.PayerHolder, "pool": policy.PayerHolder}
	shifts := map[string]string{"personal": policy.PayerHolder, "shared": policy.PayerShift, "special": policy.PayerLeader, "pool": policy.PayerHolder}
	for set, uses := range map[string]map[string]string{"mine": shifts, "workshop": holder, "plant": shifts, "appliance-service": holder, "power-station": shifts} {
		for use, who := range uses {
			s := loss.Evolve(loss.State{}, lostDear(use)) // li has it
			say := func(payers ...loss.Payer) loss.MakeFinding {
				return loss.MakeFinding{At: at(3), Today: "2026-03-16", By: boss, Payers: payers, Reason: why, Book: shipped(t, set)}
			}
			two := []loss.Payer{{Person: wang, Weight: 1}, {Person: li, Weight: 1}}
			switch who {
			case policy.PayerHolder:
				require.Equal(t, []loss.Payer{{Person: li, Weight: 1}}, decided(t, s, say()).Finding.Payers, set+use)
				_, key := refused(t, s, say(two...))
				require.Equal(t, "loss.holder_pays", key, set+use)
			case policy.PayerShift:
				_, err := loss.Decide(s, say())
				require.ErrorContains(t, err, "/payers", set+use)
				require.Len(t, decided(t, s, say(two...)).Finding.Payers, 2, set+use)
			case policy.PayerLeader:
				_, err := loss.Decide(s, say())
				require.ErrorContains(t, err, "/payers", set+use)
				_, key := refused(t, s, say(two...))
				require.Equal(t, "loss.one_pays", key, set+use)
				require.Equal(t, two[:1], decided(t, s, say(two[0])).Finding.Payers, set+use)
			}
		}
	}
}

func TestLOS06AndLOS02EverySetHasItsOwnExcuse(t *testing.T) {
	t.Parallel()
	for set, c := range map[string]struct {
		certificate bool
		replaceBy   domain.Day
	}{
		"mine": {true, ""}, "plant": {true, ""}, "appliance-service": {true, ""}, "power-station": {true, ""},
		"workshop": {false, "2026-03-19"}, // three calendar days after the finding
	} {
		s := loss.Evolve(loss.State{}, lostDear("personal"))
		say := loss.MakeFinding{At: at(3), Today: "2026-03-16", By: boss, Reason: why, Book: shipped(t, set)}
		require.Equal(t, c.replaceBy, decided(t, s, say).Finding.Replace, set)
		say.GoodCause = true
		require.Empty(t, decided(t, s, say).Finding.Replace, "%s: with good cause", set)
		say.OnDuty = true
		if c.certificate {
			require.Equal(t, loss.Excused, decided(t, s, say, loss.Certify{At: at(4), By: head, Certificate: "C-7"}).Status, set)
			continue
		}
		rule, key := refused(t, s, say)
		require.Equal(t, []string{"LOS-02", "loss.no_certificate"}, []string{rule, key}, set)
	}
}

func TestLOS07EverySetAsksHRAboveAThousandYuan(t *testing.T) {
	t.Parallel()
	for _, set := range []string{"mine", "workshop", "plant", "appliance-service", "power-station"} {
		for fen, asks := range map[int64]bool{99_999: false, 100_000: false, 100_001: true} {
			o := opened("personal", fen)
			o.Tool.PurchasedOn = o.LostOn // nothing of its life is used
			book := shipped(t, set)
			s := decided(t, loss.State{}, loss.Begin{Opened: o},
				loss.MakeFinding{At: at(3), Today: "2026-03-03", By: boss, GoodCause: true, Reason: why, Book: book}, loss.Assess{At: at(4), By: boss, Book: book}, loss.Propose{At: at(5), By: boss, Book: book})
			require.Equal(t, asks, s.Proposal.NeedsHR, set)
			yes := loss.Approve{At: at(6), By: wang, Roles: []string{"manager"}, Proposal: 3, AmountFen: fen, Book: book}
			if !asks {
				require.Equal(t, loss.Approved, decided(t, s, yes).Status, set)
				continue
			}
			_, key := refused(t, s, yes)
			require.Equal(t, "loss.hr_only", key, set)
			yes.Roles = []string{"hr"}
			require.Equal(t, loss.Approved, decided(t, s, yes).Status, set)
		}
	}
}

func TestLOS10OnlyTheMineGivesPointsForASpecialToolThatIsMissing(t *testing.T) {
	t.Parallel()
	for set, points := range map[string]int64{"mine": 50, "workshop": 0, "plant": 0, "appliance-service": 0, "power-station": 0} {
		s := loss.Evolve(loss.State{}, lostDear("special"))
		say := loss.RecordPoints{At: at(4), By: boss, Person: zhao, Circumstances: why, Book: shipped(t, set)}
		if points > 0 {
			require.Equal(t, points, decided(t, s, say).Points, set)
			continue
		}
		rule, key := refused(t, s, say)
		require.Equal(t, []string{"POL-08", "loss.points_missing"}, []string{rule, key}, set)
	}
}
