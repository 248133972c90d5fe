package process

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// OpenTicket is a ticket that is neither resolved nor ended.
type OpenTicket struct {
	ID   uuid.UUID
	Site string // code
}

// OpenTickets is the ticket read model.
type OpenTickets interface {
	// OpenTickets returns the tickets that were open as of a log number, at a
	// site ("" for all), in the order of their ids after one, at most limit.
	OpenTickets(ctx context.Context, asOf int64, site string, after uuid.UUID, limit int) ([]OpenTicket, error)
}

// Retarget takes the running clocks of open tickets over to a version of an
// SLA policy that says so, when it comes into force (POL-03).
type Retarget struct {
	Tickets  OpenTickets
	Commands *commands.Tickets
	Policies *commands.Policies
}

// inFlight is how long a command may be under way by rules that were in force
// when it was made.
const inFlight = 5 * time.Second

// Name is "retarget".
func (Retarget) Name() string { return "retarget" }

// Inputs are the versions of policies.
func (Retarget) Inputs() []string { return []string{"policy.version_recorded.v1"} }

// React acts on SLA versions that apply to running clocks, not before they are
// in force (POL-03).
func (Retarget) React(e eventschemas.Record) (time.Time, bool) {
	v, ok := e.Event.(policy.VersionRecorded)
	if !ok || v.Kind != policy.KindSLA {
		return time.Time{}, false
	}
	book, err := policy.NewBook([]policy.Recorded{{Version: v}})
	if err != nil {
		return time.Time{}, false // it could not have been recorded
	}
	at := e.Envelope.RecordedAt.Time
	version, _ := book.InForce(policy.KindSLA, v.Site, v.EffectiveFrom.Time)
	if version.SLA().AppliesTo != policy.Running {
		return time.Time{}, false
	}
	if v.EffectiveFrom.After(at) {
		at = v.EffectiveFrom.Add(inFlight)
	}
	return at, true
}

// Steps are the open tickets of the sites that the version serves: its own, or
// for one of every site those that have none of their own (POL-06).
func (m Retarget) Steps(ctx context.Context, t Task, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	v := t.Event.Event.(policy.VersionRecorded)
	serves := map[string]bool{}
	var out []uuid.UUID
	for {
		tickets, err := m.Tickets.OpenTickets(ctx, t.AsOf, v.Site, after, limit)
		if err != nil {
			return nil, fmt.Errorf("find open tickets: %w", err)
		}
		for _, k := range tickets {
			after = k.ID
			if _, known := serves[k.Site]; !known {
				if serves[k.Site], err = m.serves(ctx, v, k.Site); err != nil {
					return nil, err
				}
			}
			if serves[k.Site] {
				out = append(out, k.ID)
			}
			if len(out) == limit {
				return out, nil
			}
		}
		if len(tickets) < limit {
			return out, nil
		}
	}
}

// serves reports whether a site follows the policy of the version when it
// comes into force.
func (m Retarget) serves(ctx context.Context, v policy.VersionRecorded, site string) (bool, error) {
	if v.Site == site {
		return true, nil
	}
	book, err := m.Policies.Book(ctx, site)
	if err != nil {
		return false, fmt.Errorf("find policies of site %s: %w", site, err)
	}
	own, ok := book.InForce(policy.KindSLA, site, v.EffectiveFrom.Time)
	return ok && own.Recorded.Site == v.Site, nil
}

// Send asks one ticket; it decides by the version in force (POL-03).
func (m Retarget) Send(ctx context.Context, r commands.Request, _ Task, step uuid.UUID) (commands.Result, error) {
	return m.Commands.Retarget(ctx, r, step)
}
