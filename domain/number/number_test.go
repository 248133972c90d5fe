package number_test

import (
	"testing"

	"github.com/fieldledger/fieldledger/domain/number"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestReservingNumbers(t *testing.T) {
	t.Parallel()
	first := number.BlockReserved{Kind: "ticket", From: 1, To: 100}
	decidertest.Run(t, number.Decide, number.Evolve, []decidertest.Case[number.Command, number.Event]{
		{Name: "TKT-01 numbers begin at 1", When: number.Reserve{Kind: "ticket", Size: 100}, Then: []number.Event{first}},
		{
			Name: "TKT-01 blocks follow each other", Given: []number.Event{first}, When: number.Reserve{Kind: "ticket", Size: 1},
			Then: []number.Event{number.BlockReserved{Kind: "ticket", From: 101, To: 101}},
		},
		{
			Name: "TKT-01 the last block fits", Given: []number.Event{number.BlockReserved{From: 1, To: 999_999_989}}, When: number.Reserve{Size: 10},
			Then: []number.Event{number.BlockReserved{From: 999_999_990, To: 999_999_999}},
		},
		{
			Name: "TKT-01 a used-up series gives nothing", Given: []number.Event{number.BlockReserved{From: 1, To: 999_999_990}},
			When: number.Reserve{Size: 10}, Refused: "TKT-01", Key: "number.used_up",
		},
		{Name: "TKT-01 a block is not empty", When: number.Reserve{Kind: "ticket"}, Invalid: "/size"},
		{Name: "TKT-01 a block is not a flood", When: number.Reserve{Kind: "ticket", Size: 10_001}, Invalid: "/size"},
	})
}
