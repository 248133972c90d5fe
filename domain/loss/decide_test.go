package loss_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const (
	li   = "11111111-1111-4111-8111-111111111111" // had the tool
	wang = "22222222-2222-4222-8222-222222222222"
	zhao = "33333333-3333-4333-8333-333333333333"
	boss = "44444444-4444-4444-8444-444444444444" // manager
	hr   = "55555555-5555-4555-8555-555555555555"
	head = "66666666-6666-4666-8666-666666666666" // of the crew
)

var (
	ref      = domain.PolicyRef{ID: uuid.UUID{15: 9}, Version: 1, Hash: "h"}
	mine     = terms(func(c *policy.Compensation) { c.Points = 50 })
	plant    = terms(func(c *policy.Compensation) { c.Method = policy.ValueLeft })
	workshop = terms(func(c *policy.Compensation) {
		c.Method, c.Replacement = policy.ValueLeft, &policy.Replacement{Days: 3}
	})
	lenient = terms(func(c *policy.Compensation) { c.Replacement = &policy.Replacement{Days: 3, Lowers: true} })
	why     = domain.Sealed{Subject: uuid.UUID{15: 1}, Key: "k", Ciphertext: []byte("why")}
)

func terms(change func(*policy.Compensation)) *policy.Book {
	c := policy.Compensation{
		Method: policy.OriginalPrice, FloorPPM: 50_000, HRAboveFen: 100_000, CapPPM: 200_000,
		Payers: policy.Payers{Personal: policy.PayerHolder, Shared: policy.PayerShift, Special: policy.PayerLeader, Pool: policy.PayerHolder},
	}
	change(&c)
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	b, err := policy.NewBook([]policy.Recorded{{ID: uuid.UUID{15: 9}, Version: policy.VersionRecorded{
		Kind: policy.KindCompensation, Site: "mine", Version: 1, Hash: "h", Content: raw, EffectiveFrom: domain.At(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)),
	}}})
	if err != nil {
		panic(err)
	}
	return b
}

func at(day int) domain.Instant { return domain.At(time.Date(2026, 3, day, 1, 0, 0, 0, time.UTC)) }

func opened(use string, priceFen int64) loss.Opened {
	return loss.Opened{
		At: at(2), Site: "mine", Number: "W-1-20260302", Cause: loss.Missing, Holder: loss.Holder{Kind: "person", Who: li}, ReportedBy: li,
		LostAt: at(1), LostOn: "2026-03-01", Place: "sump 2",
		Tool: loss.Tool{Number: "W-1", Kind: "wrench", Use: use, PriceFen: priceFen, PurchasedOn: "2025-01-10", LifeMonths: 36},
	}
}

func ofTeam(use string) loss.Opened {
	o := opened(use, 100_000)
	o.Holder = loss.Holder{Kind: "team", Who: "77777777-7777-4777-8777-777777777777"}
	return o
}

func found(payers ...loss.Payer) loss.FindingMade {
	if payers == nil {
		payers = []loss.Payer{{Person: li, Weight: 1}}
	}
	return loss.FindingMade{At: at(3), By: boss, Payers: payers, Witnesses: []string{}, Reason: why, Policy: ref}
}

func replaceable() loss.FindingMade {
	e := found()
	e.Replace = "2026-03-06"
	return e
}

func onDuty() loss.FindingMade {
	e := found()
	e.OnDuty = true
	return e
}

func finding(payers ...loss.Payer) loss.MakeFinding {
	return loss.MakeFinding{At: at(3), Today: "2026-03-03", By: boss, Payers: payers, Reason: why, Book: mine}
}

func priced(fen int64) loss.Assessed {
	return loss.Assessed{At: at(4), By: boss, Method: policy.OriginalPrice, PriceFen: fen, AmountFen: fen, Policy: ref}
}

func proposed(fen int64, shares ...loss.Share) loss.AmountProposed {
	if shares == nil {
		shares = []loss.Share{{Person: li, AmountFen: fen}}
	}
	return loss.AmountProposed{At: at(5), By: boss, AmountFen: fen, Shares: shares, NeedsHR: fen > 100_000, Policy: ref}
}

func approved(fen int64) loss.AmountApproved {
	return loss.AmountApproved{At: at(6), By: wang, Proposal: 3, Number: "W-1-20260302", AmountFen: fen, Shares: []loss.Share{{Person: li, AmountFen: fen}}, Policy: &ref}
}

// What a lost tool is paid with, worked out by hand (LOS-03, LOS-04).
func TestAssessmentsByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                 string
		book                 *policy.Book
		priceFen             int64
		life                 int
		bought, lost         domain.Day
		used, left, floor, n int64
	}{
		{"LOS-03 mine: the original price, however old", mine, 135_050, 60, "2019-01-01", "2026-03-01", 0, 0, 0, 135_050},
		{"LOS-04 13 of 36 whole months are used: 23/36 of 135.00", plant, 13_500, 36, "2025-01-10", "2026-03-01", 13, 8_625, 675, 8_625},
		{"LOS-04 the day before a month is whole", plant, 36_000, 36, "2025-01-10", "2025-02-09", 0, 36_000, 1_800, 36_000},
		{"LOS-04 the day on which a month is whole", plant, 36_000, 36, "2025-01-10", "2025-02-10", 1, 35_000, 1_800, 35_000},
		{"LOS-04 31 January to 28 February is a whole month", plant, 36_000, 36, "2025-01-31", "2025-02-28", 1, 35_000, 1_800, 35_000},
		{"LOS-04 31 January to 27 February is none", plant, 36_000, 36, "2025-01-31", "2025-02-27", 0, 36_000, 1_800, 36_000},
		{"LOS-04 over a leap day", plant, 36_000, 36, "2024-01-31", "2024-02-28", 0, 36_000, 1_800, 36_000},
		{"LOS-04 half a fen is rounded up: 1/2 of 0.03 is 0.02", plant, 3, 2, "2025-01-01", "2025-02-01", 1, 2, 0, 2},
		{"LOS-04 less than half a fen is rounded down: 1/3 of 1.00 is 0.33", plant, 100, 3, "2025-01-01", "2025-03-01", 2, 33, 5, 33},
		{"LOS-04 more than half a fen is rounded up: 2/3 of 1.00 is 0.67", plant, 100, 3, "2025-01-01", "2025-02-01", 1, 67, 5, 67},
		{"LOS-04 the floor is rounded half up too: 5 % of 0.10 is 0.01", plant, 10, 3, "2020-01-01", "2026-01-01", 72, 0, 1, 1},
		{"LOS-04 a life that is over leaves 5 %", plant, 135_050, 36, "2020-01-01", "2026-03-01", 74, 0, 6_753, 6_753},
		{"LOS-04 the last month is above the floor by a hair", plant, 100_000, 19, "2024-08-01", "2026-02-01", 18, 5_263, 5_000, 5_263},
		{"LOS-04 the last month is below the floor", plant, 100_000, 24, "2024-03-01", "2026-02-28", 23, 4_167, 5_000, 5_000},
		{"LOS-04 lost before it was bought, as the books have it", plant, 100, 36, "2026-06-01", "2026-03-01", 0, 100, 5, 100},
		{"LOS-04 the dearest tool there can be", plant, loss.MostFen, 1200, "2026-02-01", "2026-03-01", 1, 999_166_666_667, 50_000_000_000, 999_166_666_667},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := opened("personal", c.priceFen)
			o.Tool.LifeMonths, o.Tool.PurchasedOn, o.LostOn = c.life, c.bought, c.lost
			events, err := loss.Decide(loss.Evolve(loss.State{}, o), loss.Assess{At: at(4), By: boss, Book: c.book})
			require.NoError(t, err)
			a := events[0].(loss.Assessed)
			require.Equal(t, c.n, a.AmountFen)
			require.Equal(t, []int64{c.used, c.left, c.floor}, []int64{a.UsedMonths, a.LeftFen, a.FloorFen})
		})
	}
}

// Who pays how much, worked out by hand (LOS-05).
func TestSharesByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		fen    int64
		payers []loss.Payer
		want   []int64 // in the order of the ids
	}{
		{"LOS-05 one pays all", 100, []loss.Payer{{li, 1}}, []int64{100}},
		{"LOS-05 100.00 among three: the first by id pays the fen that is left", 10_000, []loss.Payer{{zhao, 1}, {li, 1}, {wang, 1}}, []int64{3_334, 3_333, 3_333}},
		{"LOS-05 100.01 among three: the first two", 10_001, []loss.Payer{{li, 1}, {wang, 1}, {zhao, 1}}, []int64{3_334, 3_334, 3_333}},
		{"LOS-05 two to one by the finding", 100, []loss.Payer{{li, 2}, {wang, 1}}, []int64{67, 33}},
		{"LOS-05 1 fen among three", 1, []loss.Payer{{li, 1}, {wang, 1}, {zhao, 1}}, []int64{1, 0, 0}},
		{"LOS-05 nothing among two", 0, []loss.Payer{{li, 1}, {wang, 1}}, []int64{0, 0}},
		{"LOS-05 the dearest tool by odd weights", loss.MostFen, []loss.Payer{{li, 1000}, {wang, 999}}, []int64{500_250_125_063, 499_749_874_937}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []int64
			sum := int64(0)
			for _, s := range loss.Split(c.fen, c.payers) {
				got = append(got, s.AmountFen)
				sum += s.AmountFen
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.fen, sum)
		})
	}
}

func TestLossesByHand(t *testing.T) {
	t.Parallel()
	begun := []loss.Event{opened("personal", 35_000)}
	ready := with(begun, found(), priced(35_000))
	waiting := with(ready, proposed(35_000))
	dear := []loss.Event{opened("personal", 100_001), found(), priced(100_001), proposed(100_001)}
	paid := with(waiting, approved(35_000))
	given := with(begun, replaceable(), priced(35_000))
	correction := loss.CorrectionRequested{At: at(7), By: boss, Reason: "wrong tool", Consequences: "c"}
	special := opened("special", 35_000)
	points := loss.PointsRecorded{At: at(4), By: boss, Person: zhao, Points: 50, Circumstances: why, Policy: ref}
	yes := func(by, role string, proposal, fen int64) loss.Approve {
		return loss.Approve{At: at(6), By: by, Roles: []string{role}, Proposal: proposal, AmountFen: fen, Book: mine}
	}
	ended := func(how loss.How, by, second, reason string, refund bool, persons ...string) loss.Ended {
		return loss.Ended{At: at(8), How: how, By: by, Second: second, Reason: reason, Number: "W-1-20260302", Persons: append([]string{}, persons...), Refund: refund}
	}
	decidertest.Run(t, loss.Decide, loss.Evolve, []decidertest.Case[loss.Command, loss.Event]{
		{Name: "LOS-01 a report opens a loss", When: loss.Begin{Opened: opened("personal", 1)}, Then: []loss.Event{opened("personal", 1)}},
		{Name: "LOS-01 the same report again is no second loss", Given: begun, When: loss.Begin{Opened: opened("personal", 1)}},
		{Name: "LOS-01 a loss has a place", When: loss.Begin{Opened: loss.Opened{At: at(2), LostAt: at(1), ReportedBy: li}}, Invalid: "/place"},
		{Name: "LOS-01 a loss that nobody reported", When: loss.Assess{At: at(4), By: boss, Book: mine}, Refused: "LOS-01"},
		{Name: "LOS-05 the user of a personal tool pays", Given: begun, When: finding(), Then: []loss.Event{found()}},
		{Name: "LOS-05 nobody else does", Given: begun, When: finding(loss.Payer{Person: wang, Weight: 1}), Refused: "LOS-05", Key: "loss.holder_pays"},
		{Name: "LOS-05 the shift of a shared tool is named", Given: []loss.Event{ofTeam("shared")}, When: finding(), Invalid: "/payers"},
		{
			Name: "LOS-05 the shift on duty pays for a shared tool", Given: []loss.Event{ofTeam("shared")},
			When: finding(loss.Payer{wang, 1}, loss.Payer{li, 1}), Then: []loss.Event{found(loss.Payer{li, 1}, loss.Payer{wang, 1})},
		},
		{Name: "LOS-05 in equal parts", Given: []loss.Event{ofTeam("shared")}, When: finding(loss.Payer{wang, 2}, loss.Payer{li, 1}), Refused: "LOS-05", Key: "loss.equal_parts"},
		{
			Name: "LOS-05 unless the finding says otherwise", Given: []loss.Event{ofTeam("shared")},
			When: loss.MakeFinding{At: at(3), By: boss, Otherwise: true, Payers: []loss.Payer{{wang, 2}, {li, 1}}, Reason: why, Book: mine},
			Then: []loss.Event{loss.FindingMade{At: at(3), By: boss, Otherwise: true, Payers: []loss.Payer{{li, 1}, {wang, 2}}, Witnesses: []string{}, Reason: why, Policy: ref}},
		},
		{Name: "LOS-05 one shift leader pays for a special tool", Given: []loss.Event{ofTeam("special")}, When: finding(loss.Payer{wang, 1}, loss.Payer{li, 1}), Refused: "LOS-05", Key: "loss.one_pays"},
		{Name: "LOS-05 nobody pays twice", Given: []loss.Event{ofTeam("shared")}, When: finding(loss.Payer{li, 1}, loss.Payer{li, 1}), Invalid: "/payers"},
		{
			Name: "LOS-12 the borrower of a pool tool pays, whoever's team it was", Given: []loss.Event{func() loss.Opened {
				o := ofTeam("pool")
				o.Responsible = li
				return o
			}()}, When: finding(), Then: []loss.Event{found()},
		},
		{Name: "LOS-07 nobody judges the own case", Given: begun, When: loss.MakeFinding{At: at(3), By: li, Reason: why, Book: mine}, Refused: "LOS-07"},
		{Name: "LOS-05 a finding has a reason", Given: begun, When: loss.MakeFinding{At: at(3), By: boss, Book: mine}, Invalid: "/reason"},
		{Name: "POL-08 without a policy nothing is found", Given: begun, When: loss.MakeFinding{At: at(3), By: boss, Reason: why}, Refused: "POL-08"},

		{
			Name: "LOS-02 lost on duty for the work and certified: nothing is paid", Given: with(begun, onDuty()),
			When: loss.Certify{At: at(4), By: head, Certificate: "C-7"}, Then: []loss.Event{loss.Certified{At: at(4), By: head, Certificate: "C-7"}},
		},
		{Name: "LOS-02 without the finding there is nothing to certify", Given: with(begun, found()), When: loss.Certify{At: at(4), By: head, Certificate: "C-7"}, Refused: "LOS-02", Key: "loss.not_on_duty"},
		{
			Name: "LOS-02 a damage is not lost on duty: nobody could certify it", Given: []loss.Event{func() loss.Opened {
				o := opened("pool", 35_000)
				o.Cause = loss.Damage
				return o
			}()}, When: loss.MakeFinding{At: at(3), By: boss, OnDuty: true, Reason: why, Book: mine}, Refused: "LOS-02", Key: "loss.damage_on_duty",
		},
		{Name: "LOS-02 the head does not certify for himself", Given: with(begun, onDuty()), When: loss.Certify{At: at(4), By: li, Certificate: "C-7"}, Refused: "LOS-02", Key: "loss.own_case"},
		{Name: "LOS-02 what waits for its certificate is not paid", Given: with(begun, onDuty(), priced(35_000)), When: loss.Propose{At: at(5), By: boss, Book: mine}, Refused: "LOS-02"},
		{Name: "LOS-02 what is certified is not paid", Given: with(begun, onDuty(), loss.Certified{At: at(4)}), When: loss.Assess{At: at(5), By: boss, Book: mine}, Refused: "LOS-04"},

		{Name: "LOS-03 mine: the original price", Given: begun, When: loss.Assess{At: at(4), By: boss, Book: mine}, Then: []loss.Event{priced(35_000)}},
		{
			Name: "LOS-12 a damage is paid with its repair", Given: []loss.Event{func() loss.Opened {
				o := opened("pool", 35_000)
				o.Cause, o.BasisFen = loss.Damage, 4_000
				return o
			}()}, When: loss.Assess{At: at(4), By: boss, Book: plant},
			Then: []loss.Event{loss.Assessed{At: at(4), By: boss, Method: loss.GivenAmount, PriceFen: 35_000, AmountFen: 4_000, Policy: ref}},
		},
		{Name: "LOS-07 nobody assesses the own case", Given: begun, When: loss.Assess{At: at(4), By: li, Book: mine}, Refused: "LOS-07"},
		{
			Name: "POL-08 a life that is not in the table", Given: []loss.Event{func() loss.Opened {
				o := opened("personal", 35_000)
				o.Tool.LifeMonths = 0
				return o
			}()}, When: loss.Assess{At: at(4), By: boss, Book: plant}, Refused: "POL-08", Key: "loss.life_missing",
		},

		{
			Name: "LOS-06 workshop: lost without good cause, to be replaced within three calendar days", Given: begun,
			When: loss.MakeFinding{At: at(3), Today: "2026-03-03", By: boss, Reason: why, Book: workshop}, Then: []loss.Event{replaceable()},
		},
		{
			Name: "LOS-06 with good cause no replacement is asked for", Given: begun,
			When: loss.MakeFinding{At: at(3), Today: "2026-03-03", By: boss, GoodCause: true, Reason: why, Book: workshop},
			Then: []loss.Event{func() loss.FindingMade { e := found(); e.GoodCause = true; return e }()},
		},
		{
			Name: "LOS-06 replaced on the last day; the compensation stays", Given: given,
			When: loss.Replace{At: at(6), Today: "2026-03-06", By: boss, Number: "W-9", Same: true, Book: workshop},
			Then: []loss.Event{loss.Replaced{At: at(6), By: boss, Number: "W-9"}},
		},
		{Name: "LOS-06 the day after is too late", Given: given, When: loss.Replace{At: at(7), Today: "2026-03-07", By: boss, Number: "W-9", Same: true, Book: workshop}, Refused: "LOS-06", Key: "loss.too_late"},
		{Name: "LOS-06 another model does not do", Given: given, When: loss.Replace{At: at(6), Today: "2026-03-06", By: boss, Number: "W-9", Book: workshop}, Refused: "LOS-06", Key: "loss.not_the_same"},
		{
			Name: "LOS-06 or one is bought at the person's cost", Given: given, When: loss.Requisition{At: at(7), By: boss, CostFen: 36_000, Book: workshop},
			Then: []loss.Event{loss.Requisitioned{At: at(7), By: boss, CostFen: 36_000}},
		},
		{Name: "LOS-06 never both", Given: with(given, loss.Requisitioned{At: at(5), CostFen: 1}), When: loss.Replace{At: at(6), Today: "2026-03-06", By: boss, Number: "W-9", Same: true, Book: workshop}, Refused: "LOS-06", Key: "loss.replaced_already"},
		{Name: "LOS-06 never both, the other way round", Given: with(given, loss.Replaced{At: at(5)}), When: loss.Requisition{At: at(6), By: boss, CostFen: 1, Book: workshop}, Refused: "LOS-06", Key: "loss.replaced_already"},
		{Name: "LOS-06 where it is not asked for", Given: ready, When: loss.Requisition{At: at(6), By: boss, CostFen: 1, Book: mine}, Refused: "LOS-06", Key: "loss.no_replacement"},
		{Name: "LOS-06 neither yet, and nothing is proposed", Given: given, When: loss.Propose{At: at(6), By: boss, Book: workshop}, Refused: "LOS-06", Key: "loss.replacement_open"},
		{
			Name: "LOS-06 bought: its cost besides the compensation", Given: with(given, loss.Requisitioned{At: at(5), CostFen: 36_000}),
			When: loss.Propose{At: at(5), By: boss, Book: workshop}, Then: []loss.Event{proposed(71_000)},
		},
		{
			Name: "LOS-06 where the site says so it stands for the compensation", Given: with(given, loss.Replaced{At: at(5), Lowers: true}),
			When: loss.Propose{At: at(5), By: boss, Book: lenient}, Then: []loss.Event{proposed(0)},
		},

		{Name: "LOS-07 the manager proposes", Given: ready, When: loss.Propose{At: at(5), By: boss, Book: mine}, Then: []loss.Event{proposed(35_000)}},
		{Name: "LOS-07 not before the finding", Given: with(begun, priced(1)), When: loss.Propose{At: at(5), By: boss, Book: mine}, Refused: "LOS-05"},
		{Name: "LOS-07 nor the assessment", Given: with(begun, found()), When: loss.Propose{At: at(5), By: boss, Book: mine}, Refused: "LOS-04"},
		{Name: "LOS-07 who pays does not propose", Given: ready, When: loss.Propose{At: at(5), By: li, Book: mine}, Refused: "LOS-07", Key: "loss.own_case"},
		{Name: "LOS-07 another person approves", Given: waiting, When: yes(wang, "manager", 3, 35_000), Then: []loss.Event{approved(35_000)}},
		{Name: "LOS-07 not who proposed, whatever the account", Given: waiting, When: yes(boss, "hr", 3, 35_000), Refused: "LOS-07", Key: "loss.same_person"},
		{Name: "LOS-07 not who pays", Given: waiting, When: yes(li, "manager", 3, 35_000), Refused: "LOS-07", Key: "loss.own_case"},
		{Name: "LOS-07 not another amount", Given: waiting, When: yes(wang, "manager", 3, 35_001), Refused: "LOS-07", Key: "loss.proposal_changed"},
		{Name: "LOS-07 not another proposal", Given: waiting, When: yes(wang, "manager", 2, 35_000), Refused: "LOS-07", Key: "loss.proposal_changed"},
		{Name: "LOS-07 not an amount changed since", Given: with(waiting, priced(34_000)), When: yes(wang, "manager", 3, 35_000), Refused: "LOS-07", Key: "loss.not_proposed"},
		{Name: "LOS-07 not what was withdrawn", Given: with(waiting, loss.ProposalWithdrawn{At: at(5), By: boss}), When: yes(wang, "manager", 3, 35_000), Refused: "LOS-07", Key: "loss.not_proposed"},
		{Name: "LOS-07 what is approved is not withdrawn", Given: paid, When: loss.WithdrawProposal{At: at(7), By: boss}, Refused: "LOS-07", Key: "loss.decided"},
		{Name: "LOS-07 above 1,000 yuan not a manager", Given: dear, When: yes(wang, "manager", 3, 100_001), Refused: "LOS-07", Key: "loss.hr_only"},
		{Name: "LOS-07 but HR", Given: dear, When: loss.Approve{At: at(6), By: wang, Roles: []string{"hr"}, Proposal: 3, AmountFen: 100_001, Book: mine}, Then: []loss.Event{approved(100_001)}},
		{Name: "LOS-07 approved twice is approved once", Given: paid, When: yes(zhao, "manager", 3, 35_000)},
		{Name: "ORG-01 who has no person approves nothing", Given: waiting, When: yes("", "hr", 3, 35_000), Invalid: "/by"},

		{
			Name: "LOS-09 found again: the accounts are told", Given: paid, When: loss.FindAgain{At: at(8), By: "system"},
			Then: []loss.Event{ended(loss.ByFinding, "system", "", "", true, li)},
		},
		{Name: "LOS-09 what was certified is not paid back", Given: with(begun, onDuty(), loss.Certified{At: at(4)}), When: loss.FindAgain{At: at(8), By: "system"}},
		{
			Name: "LOS-09 a finding entered late ends it all the same", Given: with(begun, loss.Assessed{At: at(8)}), When: loss.FindAgain{At: at(3), By: "system"},
			Then: []loss.Event{ended(loss.ByFinding, "system", "", "", true)},
		},
		{
			Name: "LOS-10 production suffered: 50 points of the shift leader", Given: []loss.Event{special},
			When: loss.RecordPoints{At: at(4), By: boss, Person: zhao, Circumstances: why, Book: mine}, Then: []loss.Event{points},
		},
		{Name: "LOS-10 once a loss", Given: []loss.Event{special, points}, When: loss.RecordPoints{At: at(5), By: boss, Person: zhao, Circumstances: why, Book: mine}, Refused: "LOS-10", Key: "loss.points_given"},
		{Name: "LOS-10 of special tools alone", Given: begun, When: loss.RecordPoints{At: at(4), By: boss, Person: zhao, Circumstances: why, Book: mine}, Refused: "LOS-10", Key: "loss.not_special"},
		{Name: "LOS-10 where there are points", Given: []loss.Event{special}, When: loss.RecordPoints{At: at(4), By: boss, Person: zhao, Circumstances: why, Book: plant}, Refused: "POL-08"},
		{
			Name: "LOS-11 waived with reason and second person", Given: paid, When: loss.Waive{At: at(8), By: boss, Second: hr, Reason: "flood"},
			Then: []loss.Event{ended(loss.ByWaiver, boss, hr, "flood", false, li)},
		},
		{Name: "LOS-11 not alone", Given: paid, When: loss.Waive{At: at(8), By: boss, Second: boss, Reason: "flood"}, Refused: "LOS-11", Key: "loss.same_person"},
		{Name: "LOS-11 not without a reason", Given: paid, When: loss.Waive{At: at(8), By: boss, Second: hr, Reason: " "}, Invalid: "/reason"},
		{Name: "LOS-11 not with who pays as the second", Given: paid, When: loss.Waive{At: at(8), By: boss, Second: li, Reason: "flood"}, Refused: "LOS-11", Key: "loss.own_case"},

		{Name: "AUD-02 a correction by who has seen the consequences", Given: paid, When: loss.RequestCorrection{At: at(7), By: boss, Reason: "wrong tool", Consequences: "c", Seen: "c"}, Then: []loss.Event{correction}},
		{Name: "AUD-02 not by who has seen others", Given: paid, When: loss.RequestCorrection{At: at(7), By: boss, Reason: "wrong tool", Consequences: "d", Seen: "c"}, Refused: "AUD-02", Key: "loss.consequences_changed"},
		{
			Name: "AUD-02 a second person confirms", Given: with(paid, correction), When: loss.ConfirmCorrection{At: at(8), By: hr, Consequences: "c", Seen: "c"},
			Then: []loss.Event{ended(loss.ByCorrection, hr, boss, "wrong tool", true, li)},
		},
		{
			Name: "AUD-02 points of appraisal go too", Given: []loss.Event{special, points, correction}, When: loss.ConfirmCorrection{At: at(8), By: hr, Consequences: "c", Seen: "c"},
			Then: []loss.Event{func() loss.Ended {
				e := ended(loss.ByCorrection, hr, boss, "wrong tool", true)
				e.Points = 50
				return e
			}()},
		},
		{Name: "AUD-02 not the same person", Given: with(paid, correction), When: loss.ConfirmCorrection{At: at(8), By: boss, Consequences: "c", Seen: "c"}, Refused: "AUD-02", Key: "loss.same_person"},
		{Name: "AUD-02 not when something else would change by now", Given: with(paid, correction), When: loss.ConfirmCorrection{At: at(8), By: hr, Consequences: "d", Seen: "d"}, Refused: "AUD-02", Key: "loss.consequences_changed"},
		{Name: "AUD-02 not what nobody asked for", Given: paid, When: loss.ConfirmCorrection{At: at(8), By: hr, Consequences: "c", Seen: "c"}, Refused: "AUD-02", Key: "loss.correction_missing"},
		{Name: "AUD-01 time does not go back", Given: ready, When: loss.Propose{At: at(1), By: boss, Book: mine}, Refused: "AUD-01"},
	})
}

func with(before []loss.Event, after ...loss.Event) []loss.Event {
	return append(slices.Clone(before), after...)
}

func TestALossIsSettledOnceItIsPaidExcusedOrWaived(t *testing.T) {
	t.Parallel()
	settled := []string{}
	for _, s := range []loss.Status{"", loss.Open, loss.Proposed, loss.Approved, loss.Excused, loss.Waived, loss.Found, loss.Withdrawn} {
		settled = append(settled, string(s)+" "+strconv.FormatBool(s.Settled()))
	}
	require.Equal(t, []string{" false", "open false", "proposed false", "approved true", "excused true", "waived true", "found false", "withdrawn false"}, settled)
}
