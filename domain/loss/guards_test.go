package loss_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

// Each guard of a loss refuses by itself: nothing else of the command is wrong.
func TestEachGuardOfALossRefuses(t *testing.T) {
	t.Parallel()
	begin := func(change func(*loss.Opened)) loss.Begin {
		o := opened("personal", 35_000)
		change(&o)
		return loss.Begin{Opened: o}
	}
	damaged := func(basis int64) func(*loss.Opened) {
		return func(o *loss.Opened) { o.Cause, o.BasisFen = loss.Damage, basis }
	}
	begun := []loss.Event{opened("personal", 35_000)}
	ready := with(begun, found(), priced(35_000))
	paid := with(ready, proposed(35_000), approved(35_000))
	given := with(begun, replaceable(), priced(35_000))
	team := []loss.Event{ofTeam("shared")}
	asked := loss.CorrectionRequested{At: at(7), By: boss, Reason: "r", Consequences: "c"}
	foundAgain := loss.Ended{At: at(7), How: loss.ByFinding, Persons: []string{li}}
	takenBack := loss.Ended{At: at(7), How: loss.ByCorrection, Persons: []string{li}}
	many := make([]loss.Payer, 201)
	for i := range many {
		many[i] = loss.Payer{Person: li, Weight: 1}
	}
	decidertest.Run(t, loss.Decide, loss.Evolve, []decidertest.Case[loss.Command, loss.Event]{
		{Name: "LOS-01 a report has a time", When: begin(func(o *loss.Opened) { o.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "LOS-01 and somebody who reports", When: begin(func(o *loss.Opened) { o.ReportedBy = "" }), Invalid: "/by"},
		{Name: "LOS-01 and the time of the loss", When: begin(func(o *loss.Opened) { o.LostAt = domain.Instant{} }), Invalid: "/lost_at"},
		{Name: "LOS-01 which is not after the report", When: begin(func(o *loss.Opened) { o.LostAt = at(3) }), Invalid: "/lost_at"},
		{Name: "LOS-12 a repair costs something", When: begin(damaged(-1)), Invalid: "/basis_fen", Key: "loss.amount_out_of_range"},
		{Name: "LOS-12 and not more than anything does", When: begin(func(o *loss.Opened) { o.BasisFen = loss.MostFen + 1 }), Invalid: "/basis_fen", Key: "loss.amount_out_of_range"},
		{Name: "LOS-12 nor more than the tool", When: begin(damaged(35_001)), Invalid: "/basis_fen", Key: "loss.basis_above_price"},
		{Name: "LOS-03 a price is not negative", When: begin(func(o *loss.Opened) { o.Tool.PriceFen = -1 }), Refused: "LOS-03"},
		{Name: "LOS-03 nor above what is reckoned with", When: begin(func(o *loss.Opened) { o.Tool.PriceFen = loss.MostFen + 1 }), Refused: "LOS-03"},

		{Name: "AUD-01 what is decided has a time", Given: ready, When: loss.Waive{By: boss, Second: hr, Reason: "flood"}, Invalid: "/at"},

		{Name: "LOS-06 what was brought is not judged away", Given: with(given, loss.Replaced{At: at(5), Number: "W-9"}), When: finding(), Refused: "LOS-06", Key: "loss.replaced_already"},
		{Name: "LOS-06 nor what was bought", Given: with(given, loss.Requisitioned{At: at(5), CostFen: 1}), When: finding(), Refused: "LOS-06", Key: "loss.replaced_already"},
		{Name: "LOS-05 what is approved is not judged again", Given: paid, When: finding(), Refused: "LOS-05", Key: "loss.decided"},
		{Name: "LOS-05 who pays is a person", Given: team, When: finding(loss.Payer{Person: "shift A", Weight: 1}), Invalid: "/payers", Key: "loss.payer_unknown"},
		{Name: "LOS-05 a part is something", Given: team, When: finding(loss.Payer{Person: li, Weight: 0}), Invalid: "/payers", Key: "loss.weight_out_of_range"},
		{Name: "LOS-05 and bounded", Given: team, When: finding(loss.Payer{Person: li, Weight: 1_001}), Invalid: "/payers", Key: "loss.weight_out_of_range"},
		{Name: "LOS-05 as many as there may be", Given: team, When: finding(many...), Invalid: "/payers", Key: "loss.payers_missing"},
		{Name: "LOS-02 a certificate has a number", Given: with(begun, onDuty()), When: loss.Certify{At: at(4), By: head, Certificate: " "}, Invalid: "/certificate"},
		{Name: "LOS-02 what is paid is not certified", Given: paid, When: loss.Certify{At: at(7), By: head, Certificate: "C"}, Refused: "LOS-02", Key: "loss.decided"},

		{Name: "POL-08 nothing is assessed without the policy", Given: begun, When: loss.Assess{At: at(4), By: boss}, Refused: "POL-08"},
		{Name: "POL-08 nor taken in", Given: given, When: loss.Replace{At: at(5), Today: "2026-03-05", By: boss, Number: "W-9", Same: true}, Refused: "POL-08"},
		{Name: "POL-08 nor bought", Given: given, When: loss.Requisition{At: at(5), By: boss, CostFen: 1}, Refused: "POL-08"},
		{Name: "POL-08 nor proposed", Given: ready, When: loss.Propose{At: at(5), By: boss}, Refused: "POL-08"},
		{Name: "LOS-06 what is brought has a number", Given: given, When: loss.Replace{At: at(5), Today: "2026-03-05", By: boss, Number: " ", Same: true, Book: workshop}, Invalid: "/number"},
		{Name: "LOS-06 what is bought costs something", Given: given, When: loss.Requisition{At: at(5), By: boss, Book: workshop}, Invalid: "/cost_fen"},
		{Name: "LOS-06 and not more than anything does", Given: given, When: loss.Requisition{At: at(5), By: boss, CostFen: loss.MostFen + 1, Book: workshop}, Invalid: "/cost_fen"},
		{Name: "LOS-06 after the approval nothing is taken in", Given: with(given, proposed(1), approved(1)), When: loss.Replace{At: at(7), Today: "2026-03-06", By: boss, Number: "W-9", Same: true, Book: workshop}, Refused: "LOS-06", Key: "loss.decided"},

		{Name: "LOS-07 what is decided is not proposed", Given: paid, When: loss.Propose{At: at(7), By: boss, Book: mine}, Refused: "LOS-07", Key: "loss.decided"},
		{Name: "LOS-11 a waiver has a second person", Given: paid, When: loss.Waive{At: at(8), By: boss, Reason: "flood"}, Invalid: "/second_person"},
		{Name: "LOS-11 what was found is not waived", Given: with(paid, foundAgain), When: loss.Waive{At: at(8), By: boss, Second: hr, Reason: "flood"}, Refused: "LOS-11", Key: "loss.decided"},

		{Name: "AUD-02 a correction has a reason", Given: paid, When: loss.RequestCorrection{At: at(7), By: boss, Reason: " ", Consequences: "c", Seen: "c"}, Invalid: "/reason"},
		{Name: "AUD-02 what was found is not taken back", Given: with(paid, foundAgain), When: loss.RequestCorrection{At: at(8), By: boss, Reason: "r", Consequences: "c", Seen: "c"}, Refused: "AUD-02", Key: "loss.decided"},
		{Name: "AUD-02 nor twice", Given: with(paid, takenBack), When: loss.RequestCorrection{At: at(8), By: boss, Reason: "r", Consequences: "c", Seen: "c"}, Refused: "AUD-02", Key: "loss.decided"},
		{Name: "AUD-02 nor when it was found since it was asked for", Given: with(paid, asked, foundAgain), When: loss.ConfirmCorrection{At: at(8), By: hr, Consequences: "c", Seen: "c"}, Refused: "AUD-02", Key: "loss.decided"},
		{Name: "TKT-02 taken back twice is taken back once", Given: with(paid, asked, takenBack), When: loss.ConfirmCorrection{At: at(8), By: hr, Consequences: "c", Seen: "c"}},
		{Name: "AUD-02 a waived loss is taken back, and what was deducted goes back", Given: with(paid, loss.Ended{At: at(7), How: loss.ByWaiver, Persons: []string{li}}, asked), When: loss.ConfirmCorrection{At: at(8), By: hr, Consequences: "c", Seen: "c"}, Then: []loss.Event{
			loss.Ended{At: at(8), How: loss.ByCorrection, By: hr, Second: boss, Reason: "r", Number: "W-1-20260302", Persons: []string{li}, Refund: true},
		}},
	})
}

// What one would be paid with by a policy that was changed between assessment
// and proposal: what is proposed is what was assessed, by the policy of then.
func TestPOL02AnAssessmentStaysWhatItWasWhenThePolicyChanges(t *testing.T) {
	t.Parallel()
	s := decided(t, loss.State{}, loss.Begin{Opened: lostDear("personal")}, loss.MakeFinding{At: at(3), By: boss, GoodCause: true, Reason: why, Book: mine},
		loss.Assess{At: at(4), By: boss, Book: mine}, loss.Propose{At: at(5), By: boss, Book: plant})
	require.Equal(t, int64(123_456), s.Proposal.AmountFen)
	require.Equal(t, policy.OriginalPrice, s.Assessed.Method)
	s = decided(t, s, loss.Assess{At: at(6), By: boss, Book: plant}, loss.Propose{At: at(7), By: boss, Book: plant})
	require.Equal(t, int64(72_016), s.Proposal.AmountFen, "assessed again")
}
