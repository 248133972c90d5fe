package loss_test

import (
	"testing"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestLOS10PointsByHand(t *testing.T) {
	t.Parallel()
	special := opened("special", 35_000)
	broken := special
	broken.Cause = loss.Damage
	give := func(change func(*loss.RecordPoints)) loss.RecordPoints {
		c := loss.RecordPoints{At: at(4), By: boss, Person: zhao, Circumstances: why, Book: mine}
		change(&c)
		return c
	}
	kept := func(points int64) loss.PointsRecorded {
		return loss.PointsRecorded{At: at(4), By: boss, Person: zhao, Points: points, Circumstances: why, Policy: ref}
	}
	ended := func(how loss.How) loss.Ended { return loss.Ended{At: at(3), How: how, Persons: []string{}} }
	no := func(name string, given []loss.Event, when loss.RecordPoints, rule, key string) decidertest.Case[loss.Command, loss.Event] {
		return decidertest.Case[loss.Command, loss.Event]{Name: "LOS-10 " + name, Given: given, When: when, Refused: rule, Key: key}
	}
	same := func(*loss.RecordPoints) {}
	decidertest.Run(t, loss.Decide, loss.Evolve, []decidertest.Case[loss.Command, loss.Event]{
		{Name: "LOS-10 as many points as the policy says", Given: []loss.Event{special}, When: give(func(c *loss.RecordPoints) { c.Book = terms(func(p *policy.Compensation) { p.Points = 1 }) }), Then: []loss.Event{kept(1)}},
		{Name: "LOS-10 the excused loss stood in the way too", Given: []loss.Event{special, onDuty(), loss.Certified{At: at(3), By: head, Certificate: "C"}}, When: give(same), Then: []loss.Event{kept(50)}},
		{Name: "LOS-10 and so did what was found again", Given: []loss.Event{special, ended(loss.ByFinding)}, When: give(same), Then: []loss.Event{kept(50)}},
		no("but not what was booked wrongly", []loss.Event{special, ended(loss.ByCorrection)}, give(same), "LOS-10", "loss.decided"),
		no("not for a damage: the tool is there", []loss.Event{broken}, give(same), "LOS-10", "loss.not_special"),
		no("a shift leader does not give them away", []loss.Event{special}, give(func(c *loss.RecordPoints) { c.By = zhao }), "LOS-07", "loss.own_case"),
		no("nor does who had the tool", []loss.Event{special}, give(func(c *loss.RecordPoints) { c.By = li }), "LOS-07", "loss.own_case"),
		no("nor who pays for it", []loss.Event{special, found(loss.Payer{Person: wang, Weight: 1})}, give(func(c *loss.RecordPoints) { c.By = wang }), "LOS-07", "loss.own_case"),
		no("by the policy of the site", []loss.Event{special}, give(func(c *loss.RecordPoints) { c.Book = nil }), "POL-08", "policy.kind_not_loaded"),
		{Name: "LOS-10 to a person", Given: []loss.Event{special}, When: give(func(c *loss.RecordPoints) { c.Person = "the shift" }), Invalid: "/person"},
		{Name: "LOS-10 with the circumstances", Given: []loss.Event{special}, When: give(func(c *loss.RecordPoints) { c.Circumstances = domain.Sealed{} }), Invalid: "/circumstances"},
		{Name: "LOS-10 by somebody", Given: []loss.Event{special}, When: give(func(c *loss.RecordPoints) { c.By = "" }), Invalid: "/by"},
	})
}
