package exportlog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/domain/team"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// prefix is what the names of all streams of ours begin with.
const prefix = "fl."

// found is a ticket to export.
type found struct {
	stream string
	key    string // its number; made unique if another ticket of the site has it too
	last   uint64 // revision of its last event that counts
}

// survey is what one reading of the whole log tells.
type survey struct {
	code     string
	number   int64 // of the last event that counts
	site     site.Registered
	siteID   uuid.UUID
	tickets  []found           // in the order in which they were registered
	versions []policy.Recorded // that may hold at the site, those of sets it never follows too
	follows  []policy.Follows  // of the site
	teams    names
	persons  names

	places  map[string]int // stream -> index in tickets
	numbers map[string]bool
}

// names gives each id a name of its own.
type names struct {
	byID  map[uuid.UUID]string
	taken map[string]bool
}

func newNames() names { return names{byID: map[uuid.UUID]string{}, taken: map[string]bool{}} }

func (n names) add(id uuid.UUID, name string) {
	n.byID[id] = unique(n.taken, strings.TrimSpace(name), id)
}

// of returns the name of an id; the id where it has none, "" for none.
func (n names) of(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	if name := n.byID[id]; name != "" {
		return name
	}
	return id.String()
}

// unique returns name, with a part of the id if another has it too.
func unique(taken map[string]bool, name string, id uuid.UUID) string {
	if name != "" && taken[name] {
		name += "~" + id.String()[:13]
	}
	taken[name] = true
	return name
}

var (
	errEnough = errors.New("enough")
	errEnd    = errors.New("end of the log")
)

// surveyLog reads the log up to a number, 0 for its end.
func surveyLog(ctx context.Context, log commands.Log, code string, asOf int64) (*survey, error) {
	s := &survey{code: code, teams: newNames(), persons: newNames(), places: map[string]int{}, numbers: map[string]bool{}}
	err := log.Follow(ctx, eventschemas.Position{}, prefix, func(e eventschemas.Recorded) error {
		s.number++
		if err := s.add(e); err != nil {
			return err
		}
		if s.number == asOf {
			return errEnough
		}
		return nil
	}, func() error { return errEnd })
	switch {
	case errors.Is(err, errEnd) && s.number < asOf:
		return nil, fmt.Errorf("the log ends at number %d, before %d", s.number, asOf)
	case errors.Is(err, errEnd), errors.Is(err, errEnough):
		return s, nil
	}
	return nil, fmt.Errorf("read log: %w", err)
}

func (s *survey) add(e eventschemas.Recorded) error {
	category, idText, _ := strings.Cut(strings.TrimPrefix(e.Stream, prefix), "-")
	if category == "ticket" {
		return s.addTicket(e, idText)
	}
	switch category {
	case "team", "person", "site", "policy":
	default:
		return nil
	}
	id, err := uuid.Parse(idText)
	if err != nil {
		return fmt.Errorf("name of stream %s: %w", e.Stream, err)
	}
	event, err := eventschemas.Decode(e.Type, e.Data)
	if err != nil {
		return fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
	}
	switch event := event.(type) {
	case team.Registered:
		s.teams.add(id, event.Code)
	case person.Registered:
		if len(event.External) > 0 {
			s.persons.add(id, event.External[0].Key)
		}
	case site.Registered:
		if event.Code == s.code {
			s.site, s.siteID = event, id
		}
	case site.PolicySetChosen:
		if id == s.siteID {
			s.follows = append(s.follows, policy.Follows{Site: s.code, Set: event.Set, From: event.EffectiveFrom})
		}
	case policy.VersionApproved:
		for i, v := range s.versions {
			if v.ID == id && v.Version.Version == event.Version {
				s.versions[i].Approval = &event
			}
		}
	case policy.VersionRecorded:
		if event.Site == s.code || event.Site == "" {
			s.versions = append(s.versions, policy.Recorded{ID: id, Version: event})
		}
	}
	return nil
}

func (s *survey) addTicket(e eventschemas.Recorded, idText string) error {
	if i, ok := s.places[e.Stream]; ok {
		s.tickets[i].last = e.Revision
		return nil
	}
	if e.Revision > 0 { // of another site
		return nil
	}
	event, err := eventschemas.Decode(e.Type, e.Data)
	if err != nil {
		return fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
	}
	first, ok := event.(ticket.Registered)
	if !ok || first.Site != s.code {
		return nil
	}
	id, err := uuid.Parse(idText)
	if err != nil {
		return fmt.Errorf("name of stream %s: %w", e.Stream, err)
	}
	s.places[e.Stream] = len(s.tickets)
	s.tickets = append(s.tickets, found{stream: e.Stream, key: unique(s.numbers, first.Number, id)})
	return nil
}
