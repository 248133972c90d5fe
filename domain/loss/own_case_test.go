package loss_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestLOS07WhoHadTheToolOrPaysDecidesNothingAboutIt(t *testing.T) {
	t.Parallel()
	begun := []loss.Event{opened("personal", 35_000)}
	borrowed := func() loss.Opened {
		o := ofTeam("pool")
		o.Responsible = hr
		return o
	}()
	onOther := found(loss.Payer{Person: wang, Weight: 1})
	onOther.Otherwise = true
	other := with(begun, onOther, priced(35_000))
	waiting := with(other, proposed(35_000, loss.Share{Person: wang, AmountFen: 35_000}))
	certified := onDuty()
	certified.Payers, certified.Otherwise = onOther.Payers, true
	asked := with(waiting, loss.CorrectionRequested{At: at(6), By: hr, Reason: "r", Consequences: "c"})
	say := func(by string, payer string) loss.MakeFinding {
		return loss.MakeFinding{At: at(6), By: by, Otherwise: true, Payers: []loss.Payer{{Person: payer, Weight: 1}}, Reason: why, Book: mine}
	}
	var cases []decidertest.Case[loss.Command, loss.Event]
	for _, c := range []struct {
		name, rule string
		given      []loss.Event
		when       loss.Command
	}{
		{"who had it does not find that another pays", "LOS-07", begun, say(li, wang)},
		{"nor does who answers for the loan", "LOS-07", []loss.Event{borrowed}, say(hr, wang)},
		{"nor does who pays by the finding that stands", "LOS-07", other, say(wang, zhao)},
		{"nor does who would pay by the new one", "LOS-07", other, say(zhao, zhao)},
		{"who had it does not assess what another pays", "LOS-07", other, loss.Assess{At: at(6), By: li, Book: mine}},
		{"nor propose it", "LOS-07", other, loss.Propose{At: at(6), By: li, Book: mine}},
		{"nor approve it", "LOS-07", waiting, loss.Approve{At: at(6), By: li, Roles: []string{"hr"}, Proposal: 3, AmountFen: 35_000, Book: mine}},
		{"nor does who pays", "LOS-07", waiting, loss.Approve{At: at(6), By: wang, Roles: []string{"hr"}, Proposal: 3, AmountFen: 35_000, Book: mine}},
		{"who pays does not withdraw the proposal", "LOS-07", waiting, loss.WithdrawProposal{At: at(6), By: wang}},
		{"who pays does not certify", "LOS-02", with(begun, certified), loss.Certify{At: at(6), By: wang, Certificate: "C"}},
		{"nor does who had it", "LOS-02", with(begun, certified), loss.Certify{At: at(6), By: li, Certificate: "C"}},
		{"who pays does not waive", "LOS-11", waiting, loss.Waive{At: at(6), By: wang, Second: hr, Reason: "r"}},
		{"nor agree to it", "LOS-11", waiting, loss.Waive{At: at(6), By: hr, Second: wang, Reason: "r"}},
		{"who pays does not ask for a correction", "LOS-07", waiting, loss.RequestCorrection{At: at(6), By: wang, Reason: "r", Consequences: "c", Seen: "c"}},
		{"nor confirm one", "LOS-07", asked, loss.ConfirmCorrection{At: at(7), By: wang, Consequences: "c", Seen: "c"}},
		{"nor is one confirmed that was asked for by who pays now", "LOS-07", with(asked, found(loss.Payer{Person: hr, Weight: 1})), loss.ConfirmCorrection{At: at(7), By: boss, Consequences: "c", Seen: "c"}},
	} {
		cases = append(cases, decidertest.Case[loss.Command, loss.Event]{Name: c.rule + " " + c.name, Given: c.given, When: c.when, Refused: c.rule, Key: "loss.own_case"})
	}
	decidertest.Run(t, loss.Decide, loss.Evolve, cases)
}

func TestLOS06WhoPaysTakesNothingInAndOrdersNothing(t *testing.T) {
	t.Parallel()
	given := []loss.Event{opened("personal", 35_000), replaceable()}
	decidertest.Run(t, loss.Decide, loss.Evolve, []decidertest.Case[loss.Command, loss.Event]{
		{Name: "LOS-07 nobody takes the own replacement in", Given: given, When: loss.Replace{At: at(6), Today: "2026-03-06", By: li, Number: "W-9", Same: true, Book: workshop}, Refused: "LOS-07", Key: "loss.own_case"},
		{Name: "LOS-07 nor orders one at the own cost", Given: given, When: loss.Requisition{At: at(6), By: li, CostFen: 1, Book: workshop}, Refused: "LOS-07", Key: "loss.own_case"},
	})
}

// changed is a policy whose limit for HR is another one from 5 March, noon, on.
func changed(t *testing.T, before, after int64) *policy.Book {
	t.Helper()
	version := func(n int, hrAbove int64, from time.Time) policy.Recorded {
		raw, err := json.Marshal(policy.Compensation{
			Method: policy.OriginalPrice, HRAboveFen: hrAbove, CapPPM: 200_000,
			Payers: policy.Payers{Personal: policy.PayerHolder, Shared: policy.PayerShift, Special: policy.PayerLeader, Pool: policy.PayerHolder},
		})
		require.NoError(t, err)
		return policy.Recorded{ID: uuid.UUID{15: 9}, Version: policy.VersionRecorded{
			Kind: policy.KindCompensation, Site: "mine", Version: n, Hash: "h", Content: raw, EffectiveFrom: domain.At(from),
		}}
	}
	b, err := policy.NewBook([]policy.Recorded{
		version(1, before, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)), version(2, after, time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)),
	})
	require.NoError(t, err)
	return b
}

func TestPOL02AnApprovalGoesByThePolicyInForceThenNotAtTheProposal(t *testing.T) { // LOS-07
	t.Parallel()
	for _, c := range []struct {
		name          string
		before, after int64
		roles         []string
		refused       string
		book          bool
	}{
		{"the limit came down: a manager is not enough any more", 100_000, 30_000, []string{"manager"}, "LOS-07", true},
		{"but HR is", 100_000, 30_000, []string{"hr"}, "", true},
		{"the limit went up: a manager is enough", 30_000, 100_000, []string{"manager"}, "", true},
		{"exactly the limit is not above it", 100_000, 35_000, []string{"manager"}, "", true},
		{"without a policy nothing is approved", 0, 0, []string{"hr"}, "POL-08", false},
	} {
		book := changed(t, c.before, c.after)
		s := decided(t, loss.State{}, loss.Begin{Opened: opened("personal", 35_000)},
			loss.MakeFinding{At: at(3), By: boss, Reason: why, Book: book}, loss.Assess{At: at(4), By: boss, Book: book}, loss.Propose{At: at(5), By: boss, Book: book})
		require.Equal(t, c.before < 35_000, s.Proposal.NeedsHR, c.name)
		yes := loss.Approve{At: at(6), By: wang, Roles: c.roles, Proposal: 3, AmountFen: 35_000, Book: book}
		if !c.book {
			yes.Book = nil
		}
		if c.refused != "" {
			rule, _ := refused(t, s, yes)
			require.Equal(t, c.refused, rule, c.name)
			continue
		}
		events, err := loss.Decide(s, yes)
		require.NoError(t, err, c.name)
		require.Equal(t, []domain.PolicyRef{{ID: uuid.UUID{15: 9}, Version: 2, Hash: "h"}}, events[0].(loss.AmountApproved).Policies(), c.name)
	}
	require.Empty(t, loss.AmountApproved{}.Policies(), "of one that was recorded before it was kept")
}
