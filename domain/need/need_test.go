package need_test

import (
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/need"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func day(n int) domain.Instant {
	return domain.At(time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC))
}

func TestNeed(t *testing.T) {
	t.Parallel()
	enter := func(n int, purchase string, fen int64) need.Enter {
		return need.Enter{At: day(n), Purchase: purchase, Quote: 1, Fen: fen, WindowDays: 90}
	}
	entered := func(n int, purchase string, fen, sum int64, others ...string) need.Entered {
		return need.Entered{At: day(n), Purchase: purchase, Quote: 1, Fen: fen, SumFen: sum, Others: append([]string{}, others...)}
	}
	first := entered(1, "a", 20_000, 20_000)
	again := enter(1, "a", 30_000)
	again.Quote = 2
	late := enter(5, "b", 1)
	late.Before = []need.Entry{{Purchase: "old", At: day(-40), Fen: 7}, {Purchase: "older", At: day(-200), Fen: 9}}
	decidertest.Run(t, need.Decide, need.Evolve, []decidertest.Case[need.Command, need.Event]{
		{Name: "STK-02 requests of one unit for one kind add up", Given: []need.Event{first}, When: enter(60, "b", 15_000), Then: []need.Event{entered(60, "b", 15_000, 35_000, "a")}},
		{Name: "STK-02 up to the last day of the window", Given: []need.Event{first}, When: enter(91, "b", 1), Then: []need.Event{entered(91, "b", 1, 20_001, "a")}},
		{Name: "STK-02 and not beyond", Given: []need.Event{first}, When: enter(92, "b", 1), Then: []need.Event{entered(92, "b", 1, 1)}},
		{Name: "STK-02 a new quote replaces the request's own", Given: []need.Event{first}, When: again, Then: []need.Event{need.Entered{At: day(1), Purchase: "a", Quote: 2, Fen: 30_000, SumFen: 30_000, Others: []string{}}}},
		{Name: "STK-02 what was withdrawn counts no more", Given: []need.Event{first, need.Left{At: day(2), Purchase: "a"}}, When: enter(3, "b", 1), Then: []need.Event{entered(3, "b", 1, 1)}},
		{Name: "STK-02 the year before counts", When: late, Then: []need.Event{entered(5, "b", 1, 8, "old")}},
		{Name: "TKT-02 a quote is entered once", Given: []need.Event{first}, When: enter(1, "a", 20_000)},
	})
}
