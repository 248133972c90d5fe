package deduction_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const (
	li      = "6a1f0a4e-1c1b-5a53-9f0e-0d4f7c1e2b3a"
	minimum = 200_000 // fen
)

var (
	pump, wrench = uuid.UUID{15: 1}, uuid.UUID{15: 2}
	june         = domain.At(time.Date(2026, 6, 30, 15, 59, 59, 0, time.UTC))
	book         = bookOf(minimum)
	ref          = domain.PolicyRef{ID: uuid.UUID{15: 9}, Version: 1, Hash: "h"}
)

func bookOf(minimumFen int64) *policy.Book {
	raw, err := json.Marshal(policy.Compensation{
		Method: policy.OriginalPrice, CapPPM: 200_000, MinimumWageFen: minimumFen,
		Payers: policy.Payers{Personal: policy.PayerHolder, Shared: policy.PayerShift, Special: policy.PayerLeader, Pool: policy.PayerHolder},
	})
	if err != nil {
		panic(err)
	}
	at := domain.At(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	b, err := policy.NewBook([]policy.Recorded{{ID: uuid.UUID{15: 9}, Version: policy.VersionRecorded{
		Kind: policy.KindCompensation, Site: "mine", Version: 1, EffectiveFrom: at, Hash: "h", Content: raw,
	}}})
	if err != nil {
		panic(err)
	}
	return b
}

func wage(month deduction.Month, fen int64) deduction.Post {
	return deduction.Post{At: june, Site: "mine", Month: month, WageFen: fen, Digest: strconv.FormatInt(fen, 10), Book: book}
}

func posted(month deduction.Month, fen, taken, open int64, again bool, entries ...deduction.Entry) deduction.Posted {
	return deduction.Posted{
		At: june, Month: month, Digest: strconv.FormatInt(fen, 10), CapPPM: 200_000, MinimumFen: minimum, Again: again,
		Entries: append([]deduction.Entry{}, entries...), TakenFen: taken, OpenFen: open, Policy: ref,
	}
}

func entered(loss uuid.UUID, number string, from deduction.Month, fen int64) deduction.Entered {
	return deduction.Entered{At: june, Loss: loss, Number: number, From: from, AmountFen: fen}
}

func entry(loss uuid.UUID, number string, fen int64) deduction.Entry {
	return deduction.Entry{Loss: loss, Number: number, AmountFen: fen}
}

func TestAccountsByHand(t *testing.T) {
	t.Parallel()
	opened := deduction.Opened{At: june, Person: li, Year: 2026, Debts: []deduction.Debt{}, Months: []deduction.Posting{}}
	two := []deduction.Event{opened, entered(pump, "P", "2026-06", 100_000), entered(wrench, "W", "2026-06", 50_000)}
	with := func(events ...deduction.Event) []deduction.Event {
		return append(append([]deduction.Event{}, two...), events...)
	}
	first := posted("2026-06", 300_000, 60_000, 90_000, false, entry(pump, "P", 60_000))
	second := posted("2026-07", 300_000, 60_000, 30_000, false, entry(pump, "P", 40_000), entry(wrench, "W", 20_000))
	decidertest.Run(t, deduction.Decide, deduction.Evolve, []decidertest.Case[deduction.Command, deduction.Event]{
		{
			Name: "LOS-08 the first loss begins the account",
			When: deduction.Enter{At: june, Person: li, Year: 2026, Loss: pump, Number: "P", From: "2026-06", AmountFen: 100_000},
			Then: []deduction.Event{opened, entered(pump, "P", "2026-06", 100_000)},
		},
		{Name: "LOS-08 the same loss again is no further debt", Given: two, When: deduction.Enter{At: june, Loss: pump, AmountFen: 1}},
		{Name: "LOS-08 nothing owed is no account", When: deduction.Enter{At: june, Loss: pump, AmountFen: 0}},
		{Name: "LOS-08 a wage of who owes nothing changes nothing", When: wage("2026-06", 300_000)},
		{Name: "LOS-08 20 % of 3,000 yuan is 600, oldest loss first", Given: two, When: wage("2026-06", 300_000), Then: []deduction.Event{first}},
		{Name: "LOS-08 the rest is carried over and the next loss follows", Given: with(first), When: wage("2026-07", 300_000), Then: []deduction.Event{second}},
		{
			Name: "LOS-08 2,100 yuan leave 100 above the minimum, not 420", Given: two, When: wage("2026-06", 210_000),
			Then: []deduction.Event{posted("2026-06", 210_000, 10_000, 140_000, false, entry(pump, "P", 10_000))},
		},
		{
			Name: "LOS-08 a wage below the minimum gives nothing", Given: two, When: wage("2026-06", 199_999),
			Then: []deduction.Event{posted("2026-06", 199_999, 0, 150_000, false)},
		},
		{Name: "LOS-08 the same row again changes nothing", Given: with(first), When: wage("2026-06", 300_000)},
		{
			Name: "LOS-08 a wage corrected upwards gives the difference", Given: with(first), When: wage("2026-06", 310_000),
			Then: []deduction.Event{posted("2026-06", 310_000, 62_000, 88_000, true, entry(pump, "P", 2_000))},
		},
		{
			Name: "LOS-08 a wage corrected downwards goes back, newest loss first", Given: with(first, second), When: wage("2026-07", 220_000),
			Then: []deduction.Event{posted("2026-07", 220_000, 20_000, 70_000, true, entry(wrench, "W", -20_000), entry(pump, "P", -20_000))},
		},
		{
			Name: "LOS-08 a month before the approval gives nothing", Given: two, When: wage("2026-05", 300_000),
			Then: []deduction.Event{posted("2026-05", 300_000, 0, 150_000, false)},
		},
		{Name: "LOS-08 a month of two years ago is over", Given: two, When: wage("2024-12", 300_000), Refused: "LOS-08"},
		{Name: "LOS-08 a month is a month", Given: two, When: wage("2026-13", 300_000), Invalid: "/month"},
		{Name: "LOS-08 no wage is negative", Given: two, When: wage("2026-06", -1), Invalid: "/wage_fen"},
		{
			Name: "POL-08 without the minimum wage nothing is deducted", Given: two,
			When: deduction.Post{At: june, Site: "mine", Month: "2026-06", WageFen: 1, Digest: "d", Book: bookOf(0)}, Refused: "POL-08", Key: "loss.minimum_wage_missing",
		},
		{
			Name: "LOS-09 found again: what is open is cancelled and what was deducted goes back", Given: with(first),
			When: deduction.Cancel{At: june, Loss: pump, How: "found", Refund: true, Month: "2026-07"},
			Then: []deduction.Event{deduction.Cancelled{At: june, Loss: pump, Number: "P", How: "found", CancelledFen: 40_000, RefundFen: 60_000, Month: "2026-07"}},
		},
		{
			Name: "LOS-11 waived: what is open is cancelled", Given: with(first), When: deduction.Cancel{At: june, Loss: pump, How: "waived", Month: "2026-07"},
			Then: []deduction.Event{deduction.Cancelled{At: june, Loss: pump, Number: "P", How: "waived", CancelledFen: 40_000, Month: "2026-07"}},
		},
		{
			Name:  "LOS-08 what was given back once is not given back again with a corrected wage",
			Given: with(first, deduction.Cancelled{At: june, Loss: pump, Number: "P", How: "found", CancelledFen: 40_000, RefundFen: 60_000, Month: "2026-07"}),
			When:  wage("2026-06", 0), Then: []deduction.Event{posted("2026-06", 0, 60_000, 50_000, true)},
		},
		{Name: "LOS-09 a loss that is not owed", Given: two[:1], When: deduction.Cancel{At: june, Loss: pump, Refund: true}},
		{Name: "LOS-08 a year is closed", Given: two, When: deduction.Close{At: june}, Then: []deduction.Event{deduction.Closed{At: june, Year: 2026}}},
		{
			Name: "LOS-08 the next year begins with what is carried over",
			When: deduction.Open{At: june, Person: li, Year: 2027, Before: fold(with(first, deduction.Closed{At: june, Year: 2026})...)},
			Then: []deduction.Event{deduction.Opened{
				At: june, Person: li, Year: 2027,
				Debts: []deduction.Debt{
					{Loss: pump, Number: "P", From: "2026-06", AmountFen: 100_000, DeductedFen: 60_000},
					{Loss: wrench, Number: "W", From: "2026-06", AmountFen: 50_000},
				},
				Months: []deduction.Posting{{Month: "2026-06", Digest: "300000", Taken: []deduction.Taken{{Loss: pump, DeductedFen: 60_000}}}},
			}},
		},
	})
}

func fold(events ...deduction.Event) deduction.State {
	var s deduction.State
	for _, e := range events {
		s = deduction.Evolve(s, e)
	}
	return s
}

func TestWhatIsOverIsDecidedByTheNextYear(t *testing.T) {
	t.Parallel()
	s := fold(deduction.Opened{At: june, Person: li, Year: 2026}, deduction.Closed{At: june, Year: 2026})
	for _, c := range []deduction.Command{wage("2026-06", 1), deduction.Enter{Loss: pump, AmountFen: 1}, deduction.Cancel{Loss: pump}} {
		_, err := deduction.Decide(s, c)
		require.ErrorIs(t, err, deduction.ErrOver)
	}
	_, err := deduction.Decide(deduction.State{}, deduction.Open{At: june, Person: "another", Year: 2027, Before: s})
	require.Error(t, err)
}

// A million months: none takes more than 20 % of its wage nor leaves less than
// the minimum, and what a loss gave in all adds up to the fen (LOS-08).
func TestLOS08AMillionMonthsKeepTheCapTheMinimumAndTheSum(t *testing.T) {
	t.Parallel()
	const cases = 1_000_000
	r := rand.New(rand.NewPCG(8, 20))
	binding, floor, done := 0, 0, 0
	for n := 0; n < cases; {
		lowest := 1 + r.Int64N(400_000)
		terms := bookOf(lowest)
		owed := map[uuid.UUID]int64{}
		s := fold(deduction.Opened{At: june, Person: li, Year: 2026})
		for k := range 1 + r.IntN(4) {
			loss, fen := uuid.UUID{15: byte(k)}, 1+r.Int64N(500_000)
			owed[loss] = fen
			s = deduction.Evolve(s, entered(loss, "L", "2026-01", fen))
		}
		sums := map[uuid.UUID]int64{}
		for m := 0; m < 120 && n < cases; m++ {
			n++
			month := deduction.Month(strconv.Itoa(2026+m/12) + "-" + strconv.Itoa(101 + m%12)[1:])
			fen := r.Int64N(1_200_000)
			events, err := deduction.Decide(s, deduction.Post{At: june, Site: "mine", Month: month, WageFen: fen, Digest: "d", Book: terms})
			require.NoError(t, err)
			e := events[0].(deduction.Posted)
			taken := int64(0)
			for _, entry := range e.Entries {
				require.Positive(t, entry.AmountFen)
				taken += entry.AmountFen
				sums[entry.Loss] += entry.AmountFen
			}
			if taken*5 > fen || taken > 0 && fen-taken < lowest {
				t.Fatalf("a wage of %d gives %d and leaves %d of %d", fen, taken, fen-taken, lowest)
			}
			if taken > 0 && fen-taken == lowest {
				floor++
			} else if taken == fen/5 && taken > 0 {
				binding++
			}
			s = deduction.Evolve(s, e)
			if s.OpenFen() == 0 {
				require.Equal(t, owed, sums, "to the fen")
				done++
				break
			}
		}
	}
	require.Greater(t, binding, cases/100, "months in which the share binds")
	require.Greater(t, floor, cases/100, "months in which the minimum binds")
	require.Greater(t, done, 1000, "losses that were paid in full")
}

// plain is an account as a clerk would keep it on paper: what each month gave
// for each loss, and what went back.
type plain struct {
	owed     map[uuid.UUID]int64
	ended    map[uuid.UUID]bool
	gave     map[deduction.Month]map[uuid.UUID]int64
	back     map[uuid.UUID]int64 // refunds
	digest   map[deduction.Month]string
	slip     map[deduction.Month]int64 // of the wage
	refunded map[deduction.Month]bool  // something of the month may have gone back
}

func TestTheAccountsAddUpWhateverComesInWhateverOrder(t *testing.T) { // LOS-08, LOS-09, LOS-11
	t.Parallel()
	const walks, steps = 1000, 100
	r := rand.New(rand.NewPCG(9, 11))
	changed := map[string]int{}
	for range walks {
		p := plain{
			owed: map[uuid.UUID]int64{}, ended: map[uuid.UUID]bool{}, gave: map[deduction.Month]map[uuid.UUID]int64{}, back: map[uuid.UUID]int64{},
			digest: map[deduction.Month]string{}, slip: map[deduction.Month]int64{}, refunded: map[deduction.Month]bool{},
		}
		s := fold(deduction.Opened{At: june, Person: li, Year: 2026})
		for range steps {
			if r.IntN(40) == 0 {
				s = nextYear(t, s)
			}
			events, err := deduction.Decide(s, drawn(r, s.Year))
			if err != nil {
				var refused *domain.RuleError
				require.ErrorAs(t, err, &refused)
				continue
			}
			for _, e := range events {
				p.note(t, e, changed)
				s = deduction.Evolve(s, e)
			}
			p.check(t, s)
		}
	}
	for _, what := range []string{"entered", "posted", "again", "went back", "found", "waived"} {
		require.Greater(t, changed[what], walks/10, what)
	}
}

func nextYear(t *testing.T, s deduction.State) deduction.State {
	t.Helper()
	events, err := deduction.Decide(s, deduction.Close{At: june})
	require.NoError(t, err)
	over := deduction.Evolve(s, events[0])
	events, err = deduction.Decide(deduction.State{}, deduction.Open{At: june, Person: li, Year: s.Year + 1, Before: over})
	require.NoError(t, err)
	return fold(events...)
}

func drawn(r *rand.Rand, year int) deduction.Command {
	loss := uuid.UUID{15: byte(r.IntN(8))}
	month := deduction.Month(strconv.Itoa(year-r.IntN(2)) + "-" + strconv.Itoa(101 + r.IntN(12))[1:])
	switch r.IntN(6) {
	case 0:
		return deduction.Enter{At: june, Person: li, Year: year, Loss: loss, Number: loss.String()[35:], From: month, AmountFen: r.Int64N(300_000)}
	case 1:
		if r.IntN(3) == 0 {
			return deduction.Cancel{At: june, Loss: loss, How: []deduction.How{"found", "waived"}[r.IntN(2)], Refund: r.IntN(2) == 0, Month: month}
		}
	}
	c := wage(month, r.Int64N(60)*10_000)
	return c
}

func (p plain) note(t *testing.T, e deduction.Event, changed map[string]int) {
	t.Helper()
	switch e := any(e).(type) { // of a few
	case deduction.Entered:
		p.owed[e.Loss] = e.AmountFen
		changed["entered"]++
	case deduction.Posted:
		require.NotEqual(t, p.digest[e.Month], e.Digest)
		p.digest[e.Month] = e.Digest
		fen, err := strconv.ParseInt(e.Digest, 10, 64)
		require.NoError(t, err)
		p.slip[e.Month] = fen
		if p.gave[e.Month] == nil {
			p.gave[e.Month] = map[uuid.UUID]int64{}
		}
		changed["posted"]++
		if e.Again {
			changed["again"]++
		}
		for _, entry := range e.Entries {
			p.gave[e.Month][entry.Loss] += entry.AmountFen
			require.GreaterOrEqual(t, p.gave[e.Month][entry.Loss], int64(0))
			require.False(t, p.ended[entry.Loss] && entry.AmountFen > 0, "nothing more of a loss that ended")
			if entry.AmountFen < 0 {
				changed["went back"]++
			}
		}
	case deduction.Cancelled:
		p.ended[e.Loss] = true
		p.back[e.Loss] += e.RefundFen
		changed[string(e.How)]++
		if e.RefundFen > 0 {
			for m := range p.gave {
				p.refunded[m] = true
			}
		}
	}
}

func (p plain) check(t *testing.T, s deduction.State) {
	t.Helper()
	sums := map[uuid.UUID]int64{}
	for month, gave := range p.gave {
		total := int64(0)
		for loss, fen := range gave {
			sums[loss] += fen
			total += fen
		}
		if p.refunded[month] { // what went back is no more the month's
			continue
		}
		require.LessOrEqual(t, total*5, p.slip[month], "%s", month)
		require.True(t, total == 0 || p.slip[month]-total >= minimum, "%s", month)
	}
	require.Len(t, s.Debts, len(p.owed))
	for _, d := range s.Debts {
		require.Equal(t, p.owed[d.Loss], d.AmountFen)
		require.Equal(t, sums[d.Loss], d.DeductedFen, "what the months gave")
		require.Equal(t, p.back[d.Loss], d.RefundedFen)
		require.LessOrEqual(t, d.RefundedFen, d.DeductedFen)
		require.GreaterOrEqual(t, d.OpenFen(), int64(0))
		require.Equal(t, d.AmountFen, d.DeductedFen+d.CancelledFen+d.OpenFen(), "to the fen")
		if d.Ended {
			require.Zero(t, d.OpenFen())
		}
	}
}
