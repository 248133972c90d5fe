package person_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestRegisteringAPerson(t *testing.T) {
	t.Parallel()
	now := domain.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	team := uuid.MustParse("00000000-0000-0000-0000-00000000000a")
	sealed := func(text string) domain.Sealed { return domain.Sealed{Key: "k", Ciphertext: []byte(text)} }
	register := func(changes ...func(*person.Register)) person.Register {
		c := person.Register{
			At: now, Name: sealed("x"), Team: team, Roles: []string{"technician"}, External: []domain.ExternalKey{{System: "hr", Key: "17"}},
		}
		for _, change := range changes {
			change(&c)
		}
		return c
	}
	li := person.Registered(register())
	decidertest.Run(t, person.Decide, person.Evolve, []decidertest.Case[person.Command, person.Event]{
		{Name: "ORG-01 a person is registered", When: register(), Then: []person.Event{li}},
		{
			Name: "ORG-01 a person without role or key has empty lists", When: person.Register{At: now},
			Then: []person.Event{person.Registered{At: now, Roles: []string{}, External: []domain.ExternalKey{}}},
		},
		{Name: "TKT-02 the same facts again change nothing", Given: []person.Event{li}, When: register()},
		{Name: "TKT-02 a name sealed anew is no other fact", Given: []person.Event{li}, When: register(func(c *person.Register) { c.Name = sealed("y") })},
		{Name: "ORG-01 other roles are refused", Given: []person.Event{li}, When: register(func(c *person.Register) { c.Roles = []string{"clerk"} }), Refused: "ORG-01"},
		{Name: "ORG-01 a phone number where there was none is refused", Given: []person.Event{li}, When: register(func(c *person.Register) { c.Phone = sealed("1") }), Refused: "ORG-01"},
		{Name: "ORG-01 another key is refused", Given: []person.Event{li}, When: register(func(c *person.Register) { c.External = nil }), Refused: "ORG-01"},
		{Name: "AUD-01 a registration has a time", When: person.Register{}, Invalid: "/at"},
	})
}
