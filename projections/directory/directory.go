// Package directory is the read model of who and what there is: persons,
// teams, sites, the versions of policies and saved views.
//
// It folds events only. The rules are ORG-04, POL-01, TKT-15 and AUD-04 in docs/rules.md.
package directory

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/domain/team"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Name of the projection; Version is raised whenever a fold or a table changes.
const (
	Name    = "directory"
	Version = 4
)

// Projection returns the directory's tables.
func Projection() readmodel.Projection {
	return readmodel.Projection{Name: Name, Version: Version, Tables: []readmodel.Table{
		Persons(), Teams(), Sites(), Policies(), Views(),
	}}
}

// Person is a person as lists show it; the name stays sealed.
type Person struct {
	Name         domain.Sealed        `db:"name,json"`
	Phone        domain.Sealed        `db:"phone,json"`
	Team         uuid.UUID            `db:"team,null"`
	Roles        []string             `db:"roles,json"`
	External     []domain.ExternalKey `db:"external,json"`
	RegisteredAt time.Time            `db:"registered_at"`
	Postings     []Posting            `db:"postings,json"` // in the order in which they were recorded
	Moves        []Move               `db:"moves,json"`    // the same
	LeftAt       *time.Time           `db:"left_at"`
}

// Posting is which posts a person holds from an instant on (ORG-04).
type Posting struct {
	Since domain.Instant `json:"since"`
	Posts []string       `json:"posts"`
}

// Move is in which team a person is from an instant on (ORG-04).
type Move struct {
	Since domain.Instant `json:"since"`
	Team  uuid.UUID      `json:"team"`
}

// Persons is the model of persons.
func Persons() readmodel.Model[Person] {
	return readmodel.Model[Person]{Name: "person", Category: "person", Evolve: evolvePerson}
}

func evolvePerson(row Person, rec eventschemas.Record) (Person, error) {
	switch e := rec.Event.(type) {
	case person.Registered:
		return Person{
			Name: e.Name, Phone: e.Phone, Team: e.Team, Roles: e.Roles, External: e.External, RegisteredAt: e.At.Time,
			Postings: []Posting{}, Moves: []Move{},
		}, nil
	case person.Posted:
		row.Postings = append(slices.Clip(row.Postings), Posting{Since: e.Since, Posts: e.Posts})
		return row, nil
	case person.TeamChanged:
		row.Moves = append(slices.Clip(row.Moves), Move{Since: e.Since, Team: e.Team})
		return row, nil
	case person.Left:
		row.LeftAt = &e.At.Time
		return row, nil
	default:
		return row, readmodel.Unknown(rec)
	}
}

// Team is a team as lists show it.
type Team struct {
	Code         string               `db:"code"`
	Name         string               `db:"name"`
	External     []domain.ExternalKey `db:"external,json"`
	RegisteredAt time.Time            `db:"registered_at"`
}

// Teams is the model of teams.
func Teams() readmodel.Model[Team] {
	return readmodel.Model[Team]{Name: "team", Category: "team", Evolve: evolveTeam}
}

func evolveTeam(row Team, rec eventschemas.Record) (Team, error) {
	switch e := rec.Event.(type) {
	case team.Registered:
		return Team{Code: e.Code, Name: e.Name, External: e.External, RegisteredAt: e.At.Time}, nil
	default:
		return row, readmodel.Unknown(rec)
	}
}

// Site is a site as lists show it.
type Site struct {
	Code         string    `db:"code"`
	Name         string    `db:"name"`
	Zone         string    `db:"zone"`
	RegisteredAt time.Time `db:"registered_at"`
	Sets         []SiteSet `db:"sets,json"` // in the order in which they were chosen
}

// SiteSet is a set of policies that a site follows from an instant on (POL-06).
type SiteSet struct {
	Set           string         `json:"set"` // "" for none
	EffectiveFrom domain.Instant `json:"effective_from"`
}

// Sites is the model of sites.
func Sites() readmodel.Model[Site] {
	return readmodel.Model[Site]{Name: "site", Category: "site", Evolve: evolveSite}
}

func evolveSite(row Site, rec eventschemas.Record) (Site, error) {
	switch e := rec.Event.(type) {
	case site.Registered:
		return Site{Code: e.Code, Name: e.Name, Zone: e.Zone, RegisteredAt: e.At.Time, Sets: []SiteSet{}}, nil
	case site.PolicySetChosen:
		row.Sets = append(slices.Clip(row.Sets), SiteSet{Set: e.Set, EffectiveFrom: e.EffectiveFrom})
		return row, nil
	default:
		return row, readmodel.Unknown(rec)
	}
}

// Policy is the last recorded version of a policy; its history has the others.
type Policy struct {
	Kind          string    `db:"kind"`
	For           string    `db:"for_site"` // "" for a set, or every site without its own (POL-06)
	Set           string    `db:"policy_set"`
	Version       int       `db:"version"`
	EffectiveFrom time.Time `db:"effective_from"`
	Author        string    `db:"author"`
	Approver      string    `db:"approver"`
	Approval      string    `db:"approval"` // that it needs; "" for none
	ApprovedAt    time.Time `db:"approved_at,null"`
	Reason        string    `db:"reason"`
	Hash          string    `db:"hash"`
}

// Policies is the model of policies.
func Policies() readmodel.Model[Policy] {
	return readmodel.Model[Policy]{Name: "policy", Category: "policy", Evolve: evolvePolicy}
}

func evolvePolicy(row Policy, rec eventschemas.Record) (Policy, error) {
	switch e := rec.Event.(type) {
	case policy.VersionRecorded:
		return Policy{
			Kind: string(e.Kind), For: e.Site, Set: e.Set, Version: e.Version, EffectiveFrom: e.EffectiveFrom.Time,
			Author: e.Author, Approver: e.Approver, Approval: string(e.Approval), Reason: e.Reason, Hash: e.Hash,
		}, nil
	case policy.VersionApproved:
		if e.Version == row.Version {
			row.Approver, row.ApprovedAt = e.Approver, e.At.Time
		}
		return row, nil
	default:
		return row, readmodel.Unknown(rec)
	}
}
