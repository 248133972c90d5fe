package record_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func TestStriking(t *testing.T) {
	t.Parallel()
	stream := []record.Meta{
		{Revision: 0, EventID: id(10), Type: "ticket.registered.v1"},
		{Revision: 1, EventID: id(11), Type: "ticket.resolved.v1"},
		{Revision: 2, EventID: id(12), Type: "ticket.judged.v1", Follows: true},
		{Revision: 3, EventID: id(13), Type: "ticket.judged.v1", Follows: true},
		{Revision: 4, EventID: id(14), Type: "ticket.signed_off.v1"},
		{Revision: 5, EventID: id(15), Type: "ticket.closed.v1", Struck: true},
		{Revision: 6, EventID: id(16), Type: "record.struck.v1"},
		{Revision: 7, EventID: id(17), Type: "ticket.judged.v1", Follows: true, TiedTo: []uint64{0, 4}},
		{Revision: 8, EventID: id(18), Type: "tool.returned.v1"},
		{Revision: 9, EventID: id(19), Type: "tool.exchanged.v1", Follows: true, HalfElsewhere: true},
	}
	strike := func(revision uint64, changes ...func(*record.Strike)) record.Strike {
		c := record.Strike{Revision: revision, Reason: "wrong ticket", SecondPerson: "qian", Actor: "zhao"}
		for _, change := range changes {
			change(&c)
		}
		return c
	}
	struck := func(revision uint64, n byte) record.Struck {
		return record.Struck{Revision: revision, EventID: id(n), Reason: "wrong ticket", SecondPerson: "qian"}
	}
	decide := func(s []record.Meta, c record.Strike) ([]record.Struck, error) {
		return record.DecideStrike(append(slices.Clone(stream), s...), c)
	}
	evolve := func(s []record.Meta, _ record.Struck) []record.Meta { return s }
	decidertest.Run(t, decide, evolve, []decidertest.Case[record.Strike, record.Struck]{
		{Name: "AUD-02 a wrong fact is struck", When: strike(4), Then: []record.Struck{struck(4, 14), struck(7, 17)}},
		{Name: "AUD-02 what follows from it is struck with it", When: strike(1), Then: []record.Struck{struck(1, 11), struck(2, 12), struck(3, 13)}},
		{Name: "AUD-02 the first event can be struck", When: strike(0), Then: []record.Struck{struck(0, 10), struck(7, 17)}},
		{Name: "TKT-02 striking what is struck changes nothing", When: strike(5)},
		{Name: "AUD-02 a strike is never struck", When: strike(6), Refused: "AUD-02", Key: "record.strike_of_strike"},
		{Name: "AUD-02 there is such an event", When: strike(10), Refused: "AUD-02", Key: "record.revision_unknown"},
		{Name: "EXC-06 half of a fact is not struck", When: strike(9), Refused: "EXC-06", Key: "record.half_elsewhere"},
		{Name: "EXC-06 nor with what it follows from", When: strike(8), Refused: "EXC-06", Key: "record.half_elsewhere"},
		{Name: "AUD-02 two persons strike", When: strike(4, func(c *record.Strike) { c.SecondPerson = "zhao" }), Refused: "AUD-02", Key: "record.same_person"},
		{Name: "AUD-02 a second person is named", When: strike(4, func(c *record.Strike) { c.SecondPerson = "" }), Invalid: "/second_person"},
		{Name: "AUD-02 a strike has a reason", When: strike(4, func(c *record.Strike) { c.Reason = " " }), Invalid: "/reason"},
	})
}
