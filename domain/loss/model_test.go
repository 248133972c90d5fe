package loss_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// paper is a loss as a clerk would keep it: who is to pay, what stands to be
// approved and by whom it was put there.
type paper struct {
	payers   []string
	amount   int64
	proposer string
	standing int64 // revision of the proposal, 0 for none
	approved bool
	entered  bool // it was approved once
	closed   bool // excused, waived, found or withdrawn
	replaced bool
	bought   bool
}

func TestLOS07NothingIsApprovedByWhoProposedItOrPays(t *testing.T) {
	t.Parallel()
	const walks, steps = 2500, 40
	r := rand.New(rand.NewPCG(7, 11))
	count := map[string]int{}
	for range walks {
		use := []string{"personal", "shared", "special", "pool"}[r.IntN(4)]
		o := opened(use, 1+r.Int64N(200_000))
		book := []*policy.Book{mine, plant, workshop, lenient}[r.IntN(4)]
		s := loss.Evolve(loss.State{}, o)
		p := paper{payers: []string{li}}
		for n := range steps {
			now := domain.At(at(3).Add(time.Duration(n) * time.Hour))
			c := drawn(r, now, s, book)
			before := s
			events, err := loss.Decide(s, c)
			if err != nil {
				_, rule := errors.AsType[*domain.RuleError](err)
				_, invalid := errors.AsType[*domain.InvalidError](err)
				require.True(t, rule || invalid, "%T: %v", c, err)
				count["refused"]++
			}
			for _, e := range events {
				p.note(t, s.Revision, c, e, count)
				s = loss.Evolve(s, e)
			}
			require.Equal(t, p.approved, s.Status == loss.Approved)
			require.False(t, p.replaced && p.bought, "never both (LOS-06)")
			if len(events) == 0 {
				require.Equal(t, before, s)
			}
		}
	}
	for _, what := range []string{"refused", "proposed", "approved", "ended", "certified", "replaced", "bought"} {
		require.Greater(t, count[what], walks/30, what)
	}
}

func (p *paper) note(t *testing.T, revision int64, c loss.Command, e loss.Event, count map[string]int) {
	t.Helper()
	switch any(e).(type) {
	case loss.CorrectionRequested, loss.PointsRecorded, loss.Ended: // of what ended otherwise, too
	default:
		require.False(t, p.closed, "%T after the end", e)
	}
	switch e := any(e).(type) { // of a few
	case loss.FindingMade:
		require.False(t, p.approved)
		p.payers = nil
		for _, payer := range e.Payers {
			p.payers = append(p.payers, payer.Person)
		}
		require.NotContains(t, p.payers, e.By)
		p.standing = 0
	case loss.Assessed:
		require.NotContains(t, p.payers, e.By)
		p.amount, p.standing = e.AmountFen, 0
	case loss.Replaced:
		p.replaced, p.standing = true, 0
		count["replaced"]++
	case loss.Requisitioned:
		p.bought, p.standing = true, 0
		count["bought"]++
	case loss.AmountProposed:
		require.NotContains(t, p.payers, e.By)
		sum := int64(0)
		for i, share := range e.Shares {
			require.Equal(t, p.payers[i], share.Person)
			sum += share.AmountFen
		}
		require.Equal(t, e.AmountFen, sum, "to the fen")
		p.amount, p.proposer, p.standing = e.AmountFen, e.By, revision
		count["proposed"]++
	case loss.ProposalWithdrawn:
		p.standing = 0
	case loss.AmountApproved:
		require.NotEqual(t, p.proposer, e.By)
		require.NotContains(t, p.payers, e.By)
		require.Equal(t, p.standing, e.Proposal)
		require.Equal(t, p.amount, e.AmountFen)
		require.True(t, e.AmountFen <= 100_000 || slices.Contains(c.(loss.Approve).Roles, loss.RoleHR))
		p.approved, p.entered = true, true
		count["approved"]++
	case loss.Certified:
		require.NotContains(t, p.payers, e.By)
		p.closed = true
		count["certified"]++
	case loss.Ended:
		require.NotEqual(t, e.By, e.Second)
		if e.How != loss.ByFinding {
			require.NotContains(t, p.payers, e.By)
			require.NotContains(t, p.payers, e.Second)
		}
		require.Equal(t, p.entered, len(e.Persons) > 0)
		require.True(t, !p.closed || e.How == loss.ByCorrection || e.How == loss.ByFinding && p.entered) // a waiver may have left something deducted
		p.approved, p.closed = false, true
		count["ended"]++
	}
}

func drawn(r *rand.Rand, now domain.Instant, s loss.State, book *policy.Book) loss.Command {
	people := []string{li, wang, zhao, boss, hr, head}
	who := func() string { return people[r.IntN(len(people))] }
	today := domain.DayOf(now.Time, time.UTC)
	amount, _ := s.AmountFen()
	switch r.IntN(22) {
	case 0, 1, 2, 3:
		c := loss.MakeFinding{At: now, Today: today, By: who(), OnDuty: r.IntN(5) == 0, GoodCause: r.IntN(2) == 0, Reason: why, Book: book, Otherwise: r.IntN(4) == 0}
		for range r.IntN(3) {
			c.Payers = append(c.Payers, loss.Payer{Person: who(), Weight: 1 + r.Int64N(3)})
		}
		return c
	case 4:
		return loss.Certify{At: now, By: who(), Certificate: "C"}
	case 5, 6, 7:
		return loss.Assess{At: now, By: who(), Book: book}
	case 8, 9:
		return loss.Replace{At: now, Today: today, By: who(), Number: "N", Same: r.IntN(3) > 0, Book: book}
	case 10:
		return loss.Requisition{At: now, By: who(), CostFen: 1 + r.Int64N(50_000), Book: book}
	case 11, 12, 13:
		return loss.Propose{At: now, By: who(), Book: book}
	case 14:
		return loss.WithdrawProposal{At: now, By: who()}
	case 15, 16, 17:
		return loss.Approve{
			At: now, By: who(), Roles: []string{[]string{"manager", "hr"}[r.IntN(2)]},
			Proposal: s.ProposedAt - int64(r.IntN(5)/4), AmountFen: amount - int64(r.IntN(5)/4), Book: book,
		}
	case 18:
		return loss.RecordPoints{At: now, By: who(), Person: who(), Circumstances: why, Book: book}
	case 19:
		if r.IntN(4) == 0 {
			return loss.FindAgain{At: now, By: "system"}
		}
		return loss.RequestCorrection{At: now, By: who(), Reason: "r", Consequences: "c", Seen: "c"}
	case 20:
		if r.IntN(3) == 0 {
			return loss.Waive{At: now, By: who(), Second: who(), Reason: "r"}
		}
	}
	return loss.ConfirmCorrection{At: now, By: who(), Consequences: "c", Seen: []string{"c", "d"}[r.IntN(2)]}
}
