package person_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func hour(n int) domain.Instant { return domain.At(time.Date(2026, 3, 2, n, 0, 0, 0, time.UTC)) }

func TestFactsWithDates(t *testing.T) {
	t.Parallel()
	registered := person.Registered{At: hour(1)}
	posted := person.Posted{At: hour(5), Posts: []string{"fitter"}, Since: hour(4)}
	moved := person.TeamChanged{At: hour(5), Team: uuid.UUID{1}, Since: hour(4)}
	decidertest.Run(t, person.Decide, person.Evolve, []decidertest.Case[person.Command, person.Event]{
		{
			Name: "ORG-04 posts are held from an instant on", Given: []person.Event{registered},
			When: person.Post{At: hour(5), Posts: []string{"fitter"}, Since: hour(4)}, Then: []person.Event{posted},
		},
		{Name: "TKT-02 the same posts change nothing", Given: []person.Event{registered, posted}, When: person.Post{At: hour(6), Posts: []string{"fitter"}, Since: hour(6)}},
		{
			Name: "ORG-04 a fact entered late is one of its own", Given: []person.Event{registered, posted},
			When: person.Post{At: hour(6), Posts: []string{}, Since: hour(2)}, Then: []person.Event{person.Posted{At: hour(6), Posts: []string{}, Since: hour(2)}},
		},
		{Name: "ORG-04 a post has a code", Given: []person.Event{registered}, When: person.Post{At: hour(5), Posts: []string{" "}, Since: hour(4)}, Invalid: "/posts"},
		{Name: "ORG-04 no post twice", Given: []person.Event{registered}, When: person.Post{At: hour(5), Posts: []string{"a", "a"}, Since: hour(4)}, Invalid: "/posts"},
		{Name: "ORG-04 a team from an instant on", Given: []person.Event{registered}, When: person.ChangeTeam(moved), Then: []person.Event{moved}},
		{Name: "TKT-02 the same team changes nothing", Given: []person.Event{registered, moved}, When: person.ChangeTeam{At: hour(6), Team: uuid.UUID{1}, Since: hour(6)}},
		{Name: "AUD-01 since when", Given: []person.Event{registered}, When: person.ChangeTeam{At: hour(6), Team: uuid.UUID{1}}, Invalid: "/at"},
		{Name: "TOL-07 a person leaves", Given: []person.Event{registered}, When: person.Leave{At: hour(7)}, Then: []person.Event{person.Left{At: hour(7)}}},
		{Name: "TKT-02 once", Given: []person.Event{registered, person.Left{At: hour(7)}}, When: person.Leave{At: hour(8)}},
		{Name: "TOL-07 who left holds no post", Given: []person.Event{registered, person.Left{At: hour(7)}}, When: person.Post{At: hour(8), Posts: []string{"a"}, Since: hour(8)}, Refused: "TOL-07"},
		{Name: "TOL-07 nor is in a team", Given: []person.Event{registered, person.Left{At: hour(7)}}, When: person.ChangeTeam{At: hour(8), Team: uuid.UUID{2}, Since: hour(8)}, Refused: "TOL-07"},
		{Name: "ORG-01 who was never registered", When: person.Leave{At: hour(7)}, Refused: "ORG-01"},
	})
}

func TestORG04TheFactOfTheTimeCounts(t *testing.T) {
	t.Parallel()
	s := person.Evolve(person.State{}, person.Registered{At: hour(1), Team: uuid.UUID{9}})
	facts := []person.Event{
		person.Posted{Posts: []string{"welder"}, Since: hour(6)},
		person.Posted{Posts: []string{"fitter"}, Since: hour(3)},
		person.Posted{Posts: []string{"turner"}, Since: hour(6)},
		person.TeamChanged{Team: uuid.UUID{1}, Since: hour(6)},
	}
	for _, e := range facts {
		s = person.Evolve(s, e)
	}
	require.Empty(t, s.PostsAt(hour(2).Time))
	require.Equal(t, []string{"fitter"}, s.PostsAt(hour(5).Time))
	require.Equal(t, []string{"turner"}, s.PostsAt(hour(6).Time))
	require.Equal(t, uuid.UUID{9}, s.TeamAt(hour(5).Time))
	require.Equal(t, uuid.UUID{1}, s.TeamAt(hour(6).Time))
}
