package climate_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/climate"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

func TestINS03ReadingsAndNotes(t *testing.T) {
	t.Parallel()
	nine := domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	version := tickettest.Version(policy.KindKeeping, 1, nine.Add(-time.Hour), policy.Keeping{
		StocktakeMonths: 1, Climate: policy.RoomClimate{LowTenthsC: -150, HighTenthsC: 350, HumidityPercent: 80},
	})
	version.ID = uuid.UUID{15: 1}
	book := tickettest.NewBook(
		tickettest.Version(policy.KindTools, 1, nine.Add(-time.Hour), policy.Tools{Stores: []policy.Code{{Code: "main", Name: "main"}}}), version,
	)
	ref := domain.PolicyRef{ID: version.ID, Version: 1, Hash: "h"}
	read := func(tenths, humidity int) climate.Record {
		return climate.Record{At: nine, Site: "desk", Store: "main", TenthsC: tenths, HumidityPercent: humidity, By: "li", Note: "door shut", Book: book}
	}
	reading := func(tenths, humidity int) climate.Recorded {
		return climate.Recorded{At: nine, Site: "desk", Store: "main", TenthsC: tenths, HumidityPercent: humidity, By: "li", Policy: ref}
	}
	note := func(what climate.Quantity, read, limit int) climate.Deviated {
		return climate.Deviated{At: nine, Store: "main", What: what, Read: read, Limit: limit, Note: "door shut"}
	}
	both := read(200, 50)
	both.Sensor = "S1"
	yard := read(200, 50)
	yard.Store = "yard"
	bare := read(200, 50)
	bare.Book = tickettest.NewBook()
	full := make([]climate.Event, 990)
	for i := range full {
		full[i] = reading(200, 50)
	}
	decidertest.Run(t, climate.Decide, climate.Evolve, []decidertest.Case[climate.Command, climate.Event]{
		{Name: "INS-03 the lowest and dampest that may be", When: read(-150, 80), Then: []climate.Event{reading(-150, 80)}},
		{Name: "INS-03 the highest that may be", When: read(350, 0), Then: []climate.Event{reading(350, 0)}},
		{Name: "INS-03 colder raises a note", When: read(-151, 80), Then: []climate.Event{reading(-151, 80), note(climate.Cold, -151, -150)}},
		{Name: "INS-03 hotter and damper raise two", When: read(351, 81), Then: []climate.Event{reading(351, 81), note(climate.Hot, 351, 350), note(climate.Humid, 81, 80)}},
		{Name: "INS-03 a person or a sensor, not both", When: both, Invalid: "/sensor"},
		{Name: "INS-03 a store that is not", When: yard, Invalid: "/store"},
		{Name: "POL-08 without limits there is nothing to go by", When: bare, Refused: "POL-08"},
		{Name: "INS-03 a temperature that is none", When: read(2000, 50), Invalid: "/tenths_c"},
		{Name: "INS-03 a month's stream stays short", Given: full, When: read(200, 50), Refused: "INS-03"},
	})
}
