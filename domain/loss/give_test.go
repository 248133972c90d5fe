package loss_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestEXC06OneSettledLossGivesOneToolAlone(t *testing.T) {
	t.Parallel()
	wrench, first, second := uuid.UUID{15: 3}, uuid.UUID{15: 4}, uuid.UUID{15: 5}
	o := opened("personal", 35_000)
	o.Tool.ID = wrench
	open := []loss.Event{o, found(), priced(35_000), proposed(35_000)}
	paid := with(open, approved(35_000))
	excused := []loss.Event{o, onDuty(), loss.Certified{At: at(4), By: head, Certificate: "C-7"}}
	given := loss.ReplacementGiven{At: at(7), By: li, Exchange: first}
	give := func(day int, exchange, over uuid.UUID) loss.Give {
		return loss.Give{At: at(day), By: li, Tool: wrench, Exchange: exchange, Over: over}
	}
	other := give(7, first, uuid.Nil)
	other.Tool = uuid.UUID{15: 9}
	decidertest.Run(t, loss.Decide, loss.Evolve, []decidertest.Case[loss.Command, loss.Event]{
		{Name: "EXC-06 a loss that is paid gives a tool", Given: paid, When: give(7, first, uuid.Nil), Then: []loss.Event{given}},
		{Name: "LOS-02 and so does one that is certified", Given: excused, When: give(7, first, uuid.Nil), Then: []loss.Event{given}},
		{Name: "EXC-06 not one that waits for its approval", Given: open, When: give(7, first, uuid.Nil), Refused: "EXC-06", Key: "loss.not_settled"},
		{Name: "LOS-09 not one that was found again", Given: with(paid, loss.Ended{At: at(6), How: loss.ByFinding}), When: give(7, first, uuid.Nil), Refused: "EXC-06", Key: "loss.not_settled"},
		{Name: "AUD-02 not one that was taken back", Given: with(paid, loss.Ended{At: at(6), How: loss.ByCorrection}), When: give(7, first, uuid.Nil), Refused: "EXC-06", Key: "loss.not_settled"},
		{Name: "EXC-06 not for another tool", Given: paid, When: other, Refused: "EXC-06", Key: "loss.not_settled"},
		{Name: "EXC-06 to an exchange", Given: paid, When: give(7, uuid.Nil, uuid.Nil), Invalid: "/exchange"},
		{Name: "TKT-02 the same exchange again", Given: with(paid, given), When: give(8, first, uuid.Nil)},
		{Name: "EXC-06 not a second one", Given: with(paid, given), When: give(8, second, uuid.Nil), Refused: "EXC-06", Key: "loss.given_already"},
		{Name: "EXC-06 unless nothing came of the first", Given: with(paid, given), When: give(8, second, first), Then: []loss.Event{loss.ReplacementGiven{At: at(8), By: li, Exchange: second}}},
		{Name: "EXC-06 of that one, not of any", Given: with(paid, given), When: give(8, second, uuid.UUID{15: 6}), Refused: "EXC-06", Key: "loss.given_already"},
		{Name: "AUD-01 not before the loss was settled", Given: paid, When: give(5, first, uuid.Nil), Refused: "AUD-01", Key: "loss.time_backwards"},
	})
}

func TestLOS09WhatAWaiverLeftDeductedGoesBackWhenTheToolIsFound(t *testing.T) {
	t.Parallel()
	paid := []loss.Event{opened("personal", 35_000), found(), priced(35_000), proposed(35_000), approved(35_000)}
	waived := func(refund bool, persons ...string) loss.Ended {
		return loss.Ended{At: at(7), How: loss.ByWaiver, By: boss, Second: hr, Reason: "flood", Number: "W-1-20260302", Persons: persons, Refund: refund}
	}
	back := loss.Ended{At: at(8), How: loss.ByFinding, By: "system", Number: "W-1-20260302", Persons: []string{li}, Refund: true}
	again := loss.FindAgain{At: at(8), By: "system"}
	decidertest.Run(t, loss.Decide, loss.Evolve, []decidertest.Case[loss.Command, loss.Event]{
		{Name: "LOS-09 waived after it was approved, then found: the accounts are told", Given: with(paid, waived(false, li)), When: again, Then: []loss.Event{back}},
		{Name: "LOS-09 waived before anybody owed anything, then found: there is nothing to tell", Given: with(paid[:3], waived(false)), When: again},
		{Name: "LOS-09 found twice is found once", Given: with(paid, waived(false, li), back), When: again},
		{Name: "LOS-09 what was taken back gave everything back already", Given: with(paid, loss.Ended{At: at(7), How: loss.ByCorrection, Persons: []string{li}, Refund: true}), When: again},
	})
}
