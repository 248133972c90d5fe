package readside

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// listOf returns a page of a directory's model in order of id: of those that an
// external system knows by a key, if one is given.
func listOf[R, T any](ctx context.Context, s *Side, r *readmodel.Reader[R], at api.AsOf, sites []string, key string, p api.Page, convert func(readmodel.Versioned[R]) T) ([]T, string, api.Snapshot, error) {
	out := []T{}
	next := ""
	snap, err := s.read(ctx, directory.Name, directory.Version, at, func(v view) error {
		if sites != nil && len(sites) == 0 {
			return nil
		}
		last, err := after(p.After, 1)
		if err != nil {
			return err
		}
		q := readmodel.ListQuery{Sites: sites, After: last, Limit: p.Limit + 1, AsOf: v.number}
		if key != "" {
			q.Where, q.Args = "external @> jsonb_build_array(jsonb_build_object('key', $1::text))", []any{key}
		}
		rows, err := r.List(ctx, v.q, v.schema, q)
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			next = place(rows[p.Limit-1].ID.String())
		}
		for _, row := range rows {
			out = append(out, convert(row))
		}
		return nil
	})
	return out, next, snap, err
}

// oneOf returns a row of a directory's model.
func oneOf[R, T any](ctx context.Context, s *Side, r *readmodel.Reader[R], at api.AsOf, id uuid.UUID, convert func(readmodel.Versioned[R]) T) (T, api.Snapshot, error) {
	var out T
	found := false
	snap, err := s.read(ctx, directory.Name, directory.Version, at, func(v view) error {
		row, ok, err := r.Row(ctx, v.q, v.schema, id, v.number)
		if found = ok; ok {
			out = convert(row)
		}
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// Persons returns a page of persons, with a key of those who have it; names stay sealed.
func (s *Side) Persons(ctx context.Context, at api.AsOf, sites []string, key string, p api.Page) ([]api.SealedPerson, string, api.Snapshot, error) {
	return listOf(ctx, s, s.persons, at, sites, key, p, sealedPerson)
}

// Person returns a person; the name stays sealed.
func (s *Side) Person(ctx context.Context, at api.AsOf, id uuid.UUID) (api.SealedPerson, api.Snapshot, error) {
	return oneOf(ctx, s, s.persons, at, id, sealedPerson)
}

func sealedPerson(r readmodel.Versioned[directory.Person]) api.SealedPerson {
	return api.SealedPerson{
		Person: api.Person{
			Id: r.ID, Site: r.Site, Revision: r.Revision, Team: optional(r.Row.Team),
			Roles: append([]string{}, r.Row.Roles...), External: externals(r.Row.External),
			Postings: postings(r.Row.Postings), Moves: moves(r.Row.Moves), LeftAt: maybe(r.Row.LeftAt),
		},
		Name: r.Row.Name, Phone: r.Row.Phone,
	}
}

func postings(rows []directory.Posting) []api.PersonPosting {
	out := make([]api.PersonPosting, len(rows))
	for i, r := range rows {
		out[i] = api.PersonPosting{Since: r.Since, Posts: r.Posts}
	}
	return out
}

func moves(rows []directory.Move) []api.PersonMove {
	out := make([]api.PersonMove, len(rows))
	for i, r := range rows {
		out[i] = api.PersonMove{Since: r.Since, Team: optional(r.Team)}
	}
	return out
}

// Teams returns a page of teams, with a key of those that have it.
func (s *Side) Teams(ctx context.Context, at api.AsOf, sites []string, key string, p api.Page) ([]api.Team, string, api.Snapshot, error) {
	return listOf(ctx, s, s.teams, at, sites, key, p, shownTeam)
}

// Team returns a team.
func (s *Side) Team(ctx context.Context, at api.AsOf, id uuid.UUID) (api.Team, api.Snapshot, error) {
	return oneOf(ctx, s, s.teams, at, id, shownTeam)
}

func shownTeam(r readmodel.Versioned[directory.Team]) api.Team {
	return api.Team{Id: r.ID, Site: r.Site, Revision: r.Revision, Code: r.Row.Code, Name: r.Row.Name, External: externals(r.Row.External)}
}

// Sites returns a page of sites.
func (s *Side) Sites(ctx context.Context, at api.AsOf, sites []string, p api.Page) ([]api.Site, string, api.Snapshot, error) {
	return listOf(ctx, s, s.sites, at, sites, "", p, shownSite)
}

// Site returns the site with a code.
func (s *Side) Site(ctx context.Context, at api.AsOf, code string) (api.Site, api.Snapshot, error) {
	var out api.Site
	found := false
	snap, err := s.read(ctx, directory.Name, directory.Version, at, func(v view) error {
		rows, err := s.sites.List(ctx, v.q, v.schema, readmodel.ListQuery{Where: "code = $1", Args: []any{code}, Limit: 1, AsOf: v.number})
		if found = len(rows) > 0; found {
			out = shownSite(rows[0])
		}
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

func shownSite(r readmodel.Versioned[directory.Site]) api.Site {
	sets := make([]api.SitePolicySet, len(r.Row.Sets))
	for i, c := range r.Row.Sets {
		sets[i] = api.SitePolicySet{Set: c.Set, EffectiveFrom: c.EffectiveFrom}
	}
	return api.Site{Id: r.ID, Revision: r.Revision, Code: r.Row.Code, Name: r.Row.Name, Zone: r.Row.Zone, PolicySets: sets}
}

func externals(keys []domain.ExternalKey) []api.ExternalKey {
	out := make([]api.ExternalKey, 0, len(keys))
	for _, k := range keys {
		out = append(out, api.ExternalKey{System: k.System, Key: k.Key})
	}
	return out
}

// offset reads where a page of a short list ended.
func offset(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, api.ErrBadCursor
	}
	return n, nil
}

// cut returns a page of a list that is held whole, and where it ended.
func cut[T any](all []T, from, limit int) ([]T, string) {
	all = all[min(from, len(all)):]
	if len(all) <= limit {
		return all, ""
	}
	return all[:limit], strconv.Itoa(from + limit)
}
