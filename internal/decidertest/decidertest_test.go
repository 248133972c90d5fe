package decidertest_test

import (
	"testing"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

// A counter that counts to three.
type (
	add   struct{ by int }
	added struct{ by int }
)

func decide(s int, c add) ([]added, error) {
	switch {
	case c.by < 0:
		return nil, domain.Invalid("/by", "", "counter.negative")
	case s+c.by > 3:
		return nil, domain.Refuse("CNT-01", "counter.full")
	case c.by == 0:
		return nil, nil
	}
	return []added{{c.by}}, nil
}

func evolve(s int, e added) int { return s + e.by }

func TestCasesOfACounter(t *testing.T) {
	t.Parallel()
	decidertest.Run(t, decide, evolve, []decidertest.Case[add, added]{
		{Name: "CNT-01 a counter counts", Given: []added{{1}}, When: add{2}, Then: []added{{2}}},
		{Name: "CNT-01 a counter stops at three", Given: []added{{1}, {1}}, When: add{2}, Refused: "CNT-01", Key: "counter.full"},
		{Name: "CNT-01 nothing added is nothing happened", When: add{}},
		{Name: "CNT-01 a counter never counts down", When: add{-1}, Invalid: "/by"},
	})
}
