package ticket_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestFollowing(t *testing.T) { // TKT-15
	t.Parallel()
	now := at(2, "10:00")
	followed := ticket.Followed{At: now, Person: li}
	crowd := []ticket.Event{monday()}
	for i := range 50 {
		crowd = append(crowd, ticket.Followed{At: now, Person: uuid.UUID{1, byte(i)}})
	}
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{Name: "TKT-15 a person follows a ticket", Given: events(monday()), When: ticket.Follow(followed), Then: events(followed)},
		{Name: "TKT-15 one that was closed too", Given: resolved(ticket.Closed{At: at(2, "12:00")}), When: ticket.Follow(followed), Then: events(followed)},
		{Name: "TKT-02 following again changes nothing", Given: events(monday(), followed), When: ticket.Follow(followed)},
		{Name: "TKT-15 a person follows no longer", Given: events(monday(), followed), When: ticket.Unfollow(followed), Then: events(ticket.Unfollowed(followed))},
		{Name: "TKT-02 who does not follow stops nothing", Given: events(monday(), followed, ticket.Unfollowed(followed)), When: ticket.Unfollow(followed)},
		{Name: "TKT-15 a stream stays short", Given: crowd, When: ticket.Follow(followed), Refused: "TKT-15", Key: "ticket.too_many_followers"},
		{Name: "TKT-15 it is a person who follows", Given: events(monday()), When: ticket.Follow{At: now}, Invalid: "/person"},
		{Name: "AUD-01 at a time", Given: events(monday()), When: ticket.Unfollow{Person: li}, Invalid: "/at"},
		{Name: "TKT-06 a ticket that there is not", When: ticket.Follow(followed), Refused: "TKT-06"},
	})
}
