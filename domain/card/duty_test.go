package card_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

// TestTOL20WhoAnswersForWhatIsShort goes over who was on duty, by what kind of
// check, and who is on duty after it (TOL-06, TOL-20).
func TestTOL20WhoAnswersForWhatIsShort(t *testing.T) {
	t.Parallel()
	crew := tool.Holder{Kind: tool.Team, Who: "00000000-0000-0000-0000-00000000000a"}
	opened := card.Opened{At: at(1), Holder: crew, Part: 1, Entries: []card.Entry{}}
	had := func(duty string) []card.Event {
		o := opened
		o.Duty = duty
		return []card.Event{o}
	}
	has := []card.Entry{entry(1, "wrench", 0), entry(2, "wrench", 0)}
	check := func(kind card.CheckKind, giver, by string, missing ...uuid.UUID) card.Check {
		found := slices.DeleteFunc([]uuid.UUID{id(1), id(2)}, func(i uuid.UUID) bool { return slices.Contains(missing, i) })
		return card.Check{At: at(2), Kind: kind, Giver: giver, By: by, Of: crew.Who, Found: found, Damaged: []uuid.UUID{}, Missing: missing, Has: has, NextBy: at(9)}
	}
	done := func(c card.Check, duty string) card.Checked {
		return card.Checked{At: c.At, Kind: c.Kind, OnDuty: duty, By: c.By, Found: c.Found, Damaged: c.Damaged, Missing: c.Missing, NextBy: c.NextBy}
	}
	short := []uuid.UUID{id(2)}
	regular, shift := check(card.RegularCheck, "", "zhao", short...), check(card.ShiftCheck, "li", "wang", short...)
	taken := done(shift, "li")
	empty := card.Check{At: at(2), Kind: card.RegularCheck, By: "zhao"}
	twice := regular
	twice.Damaged = []uuid.UUID{id(1)}
	decidertest.Run(t, card.Decide, card.Evolve, []decidertest.Case[card.Command, card.Event]{
		{Name: "TOL-20 the shift on duty answers at a weekly check", Given: had("li"), When: regular, Then: []card.Event{done(regular, "li")}},
		{Name: "TOL-20 whoever checks does not relieve it", Given: append(had("li"), done(regular, "li")), When: regular, Then: []card.Event{done(regular, "li")}},
		{Name: "TOL-20 who took the keys answers from then on", Given: append(had("li"), taken), When: regular, Then: []card.Event{done(regular, "wang")}},
		{Name: "TOL-20 where nobody was ever on duty who checks answers", Given: had(""), When: regular, Then: []card.Event{done(regular, "zhao")}},
		{Name: "TOL-06 who gives the keys answers", Given: had("li"), When: shift, Then: []card.Event{taken}},
		{Name: "TOL-06 the first shift may be anybody's", Given: had(""), When: shift, Then: []card.Event{taken}},
		{Name: "TOL-06 duty goes on in the next part of the card", Given: had("zhao"), When: shift, Refused: "TOL-06", Key: "card.not_on_duty"},
		{Name: "TOL-20 a tool is found or damaged, not both", Given: had("li"), When: twice, Invalid: "/found"},
		{Name: "TOL-20 a team without tools is looked through too", Given: had("li"), When: empty, Then: []card.Event{done(empty, "li")}},
		{Name: "TOL-07 a closed card is checked no more", Given: append(had("li"), card.Closed{At: at(1)}), When: check(card.RegularCheck, "", "zhao"), Refused: "TOL-07", Key: "card.closed"},
	})
}
