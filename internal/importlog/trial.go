package importlog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// trial is the target of a dry run: it decides as an import into an empty
// installation would, by the policies of the mapping, and keeps nothing.
type trial struct {
	mapping *Mapping
	ids     commands.IDs
	book    *policy.Book
}

func (t *trial) site(context.Context) error {
	code := t.mapping.Site.Code
	var versions []policy.Recorded
	for _, kind := range []policy.Kind{policy.KindCalendar, policy.KindSLA} {
		var state policy.State
		for _, v := range t.mapping.Policies {
			if v.Kind != kind {
				continue
			}
			raw, err := v.Content(t.ids.Policy(code, string(policy.KindCalendar)))
			if err != nil {
				return err
			}
			events, err := policy.Decide(state, recordOf(v, code, raw))
			if err != nil {
				return fmt.Errorf("decide policy %s of site %s: %w", kind, code, err)
			}
			for _, e := range events {
				state = policy.Evolve(state, e)
				versions = append(versions, policy.Recorded{ID: t.ids.Policy(code, string(kind)), Version: state.Last})
			}
		}
	}
	var err error
	if t.book, err = policy.NewBook(versions); err != nil {
		return fmt.Errorf("policies of site %s: %w", code, err)
	}
	return nil
}

func (t *trial) customers(context.Context, []string) error { return nil }

func (t *trial) team(_ context.Context, key domain.ExternalKey, _ time.Time) (uuid.UUID, error) {
	return t.ids.External("team", t.mapping.Site.Code, key.System, key.Key), nil
}

func (t *trial) technician(_ context.Context, key domain.ExternalKey, _ time.Time) (uuid.UUID, error) {
	return t.ids.External("person", t.mapping.Site.Code, key.System, key.Key), nil
}

// ticket decides row after row, as the use case does, and holds each event
// against its schema.
func (t *trial) ticket(_ context.Context, in commands.ImportedTicket) (commands.Imported, error) {
	var state ticket.State
	var out commands.Imported
	for _, row := range in.Rows {
		c := row.Row
		c.Site, c.Zone, c.External, c.Book = in.Site, t.mapping.Site.Zone, in.External, t.book
		events, err := ticket.Decide(state, c)
		if err != nil {
			return commands.Imported{}, fmt.Errorf("decide ticket %s: %w", in.External.Key, err)
		}
		if len(events) == 0 {
			out.Silent++
		}
		for _, e := range events {
			if _, _, _, err := eventschemas.Encode(e); err != nil {
				return commands.Imported{}, fmt.Errorf("ticket %s: %w", in.External.Key, err)
			}
			state = ticket.Evolve(state, e)
		}
		out.Events += len(events)
	}
	return out, nil
}
