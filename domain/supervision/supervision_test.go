package supervision_test

import (
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/supervision"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

func TestDecide(t *testing.T) { // CHK-05
	t.Parallel()
	nine := domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	of := func(duty *policy.LedgerDuty) *policy.Book {
		return tickettest.NewBook(tickettest.Version(policy.KindKeeping, 1, nine.Add(-time.Hour), policy.Keeping{
			StocktakeMonths: 1, Climate: policy.RoomClimate{LowTenthsC: -150, HighTenthsC: 350, HumidityPercent: 80}, Ledgers: duty,
		}))
	}
	ref := tickettest.Ref(policy.KindKeeping, 1)
	asked := supervision.DutySet{At: nine, Site: "desk", From: "2026-03-02", Reason: "S5 五"}
	byPolicy := asked
	byPolicy.Answers, byPolicy.Supervisors, byPolicy.Months, byPolicy.Policy = "workshop_head", []string{"equipment_officer", "technician"}, 1, &ref
	own := byPolicy
	own.Months, own.Policy = 3, nil
	noAnswer := own
	noAnswer.Answers = ""
	book := of(&policy.LedgerDuty{Answers: "workshop_head", Supervisors: []string{"equipment_officer", "technician"}, Months: 1})
	look := supervision.Recorded{
		At: nine, Site: "desk", Ledger: tool.Holder{Kind: tool.Person, Who: "wang"}, On: "2026-03-02", By: "li", Post: "technician", Findings: []string{"W-7 is not entered"},
	}
	by := func(who string, posts ...string) supervision.Supervise {
		l := look
		l.By, l.Post = who, ""
		return supervision.Supervise{Look: l, Posts: posts, Duty: &byPolicy}
	}
	without := by("li", "technician")
	without.Duty = nil
	done := supervision.Settled{At: nine, By: "wang", Finding: 0, How: "entered"}
	decidertest.Run(t, supervision.Decide, supervision.Evolve, []decidertest.Case[supervision.Command, supervision.Event]{
		{Name: "CHK-05 the policy says who answers and who supervises", When: supervision.SetDuty{Duty: asked, Book: book}, Then: []supervision.Event{byPolicy}},
		{Name: "CHK-05 or the command", When: supervision.SetDuty{Duty: own, Book: of(nil)}, Then: []supervision.Event{own}},
		{Name: "POL-08 nobody by default", When: supervision.SetDuty{Duty: asked, Book: of(nil)}, Refused: "POL-08", Key: "supervision.duty_missing"},
		{Name: "CHK-05 one post answers", When: supervision.SetDuty{Duty: noAnswer}, Invalid: "/answers"},
		{Name: "TKT-02 the same duty again", Given: []supervision.Event{byPolicy}, When: supervision.SetDuty{Duty: asked, Book: book}},
		{Name: "CHK-05 the technician looks at a ledger", When: by("li", "fitter", "technician"), Then: []supervision.Event{look}},
		{Name: "CHK-05 whoever has no such post does not", When: by("li", "fitter"), Refused: "CHK-05", Key: "supervision.not_supervisor"},
		{Name: "CHK-05 nobody supervises a ledger of one's own", When: by("wang", "technician"), Refused: "CHK-05", Key: "approval.own"},
		{Name: "POL-08 where no duty is set nobody can", When: without, Refused: "POL-08"},
		{Name: "CHK-05 a finding is settled", Given: []supervision.Event{look}, When: supervision.Settle(done), Then: []supervision.Event{done}},
		{Name: "CHK-05 with what was done", Given: []supervision.Event{look}, When: supervision.Settle{At: nine, By: "wang"}, Invalid: "/how"},
		{Name: "CHK-05 and there must be one", Given: []supervision.Event{look}, When: supervision.Settle{At: nine, By: "wang", Finding: 1, How: "x"}, Refused: "CHK-05"},
		{Name: "TKT-02 once", Given: []supervision.Event{look, done}, When: supervision.Settle(done)},
	})
}
