package auth

import (
	_ "embed"
	"fmt"
	"maps"
	"strconv"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/fieldledger/fieldledger/domain/role"
	"github.com/fieldledger/fieldledger/eventschemas"
)

//go:embed policies.cedar
var source []byte

// Types of entities in policies.cedar.
const (
	typeUser   = "User"
	typeRole   = "Role"
	typeAction = "Action"
	typeSite   = "Site"
	typeAll    = "Installation" // the resource of "at any site"
)

// Policies decide what a caller may do. They never change and are safe for concurrent use.
type Policies struct {
	set   *cedar.PolicySet
	roles cedar.EntityMap // each role with its groups
	known *lru.Cache[string, decision]
}

// decision is what was decided; the policies never change, so it stays so.
type decision struct {
	policy string
	ok     bool
}

const decisions = 20_000 // that are remembered

// NewPolicies reads the policies that are built in. Each has a name of its own.
func NewPolicies() (*Policies, error) {
	return parse(source)
}

func parse(document []byte) (*Policies, error) {
	list, err := cedar.NewPolicyListFromBytes("policies.cedar", document)
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	known, err := lru.New[string, decision](decisions)
	if err != nil {
		return nil, err
	}
	p := &Policies{set: cedar.NewPolicySet(), roles: roleEntities(), known: known}
	for i, policy := range list {
		id := policy.Annotations()["id"]
		if id == "" {
			return nil, fmt.Errorf("policy %d of %s has no id", i, policy.Position().Filename)
		}
		if !p.set.Add(cedar.PolicyID(id), policy) {
			return nil, fmt.Errorf("policy %s is there twice", id)
		}
	}
	return p, nil
}

func roleEntities() cedar.EntityMap {
	parents := map[string][]types.EntityUID{}
	for group, members := range groups() {
		for _, role := range members {
			parents[role] = append(parents[role], types.NewEntityUID(typeRole, types.String(group)))
		}
	}
	m := cedar.EntityMap{}
	for _, r := range role.All() {
		uid := types.NewEntityUID(typeRole, types.String(r))
		m[uid] = cedar.Entity{UID: uid, Parents: types.NewEntityUIDSet(parents[r]...)}
	}
	return m
}

// caller finds the entities of one request: the user, else the roles.
type caller struct {
	user  cedar.Entity
	roles cedar.EntityMap
}

// Get returns an entity; false if the policies need none of it.
func (c caller) Get(uid types.EntityUID) (types.Entity, bool) {
	if uid == c.user.UID {
		return c.user, true
	}
	e, ok := c.roles[uid]
	return e, ok
}

// Authorize returns the name of the policy that permits an operation at a
// site, and whether one does. sites are the codes of the caller's sites, nil
// for all; "" as site asks whether the caller may do it at any (ORG-01).
func (p *Policies) Authorize(actor eventschemas.Actor, sites []string, operation, site string) (string, bool) {
	key := question(actor, sites, operation, site)
	d, ok := p.known.Get(key)
	if !ok {
		d = p.decide(actor, sites, operation, site)
		p.known.Add(key, d)
	}
	return d.policy, d.ok
}

// question is everything a decision may depend on, as a key. Lengths keep
// parts from running together.
func question(actor eventschemas.Actor, sites []string, operation, site string) string {
	b := make([]byte, 0, 256)
	for _, list := range [][]string{{actor.Issuer, actor.Subject, operation, site}, actor.Roles, sites} {
		b = strconv.AppendInt(b, int64(len(list)), 10)
		for _, s := range list {
			b = strconv.AppendInt(append(b, ':'), int64(len(s)), 10)
			b = append(append(b, ':'), s...)
		}
	}
	if sites == nil { // all, which is not none
		b = append(b, '*')
	}
	return string(b)
}

func (p *Policies) decide(actor eventschemas.Actor, sites []string, operation, site string) decision {
	user := p.user(actor, sites)
	resource := types.NewEntityUID(typeAll, "all")
	if site != "" {
		resource = types.NewEntityUID(typeSite, types.String(site))
	}
	answer, why := cedar.Authorize(p.set, caller{user, p.roles}, cedar.Request{
		Principal: user.UID,
		Action:    types.NewEntityUID(typeAction, types.String(operation)),
		Resource:  resource,
	})
	return decision{deciding(why), answer == cedar.Allow && len(why.Errors) == 0}
}

func (p *Policies) user(actor eventschemas.Actor, sites []string) cedar.Entity {
	parents := make([]types.EntityUID, 0, len(actor.Roles))
	for _, r := range knownRoles(actor.Roles) {
		parents = append(parents, types.NewEntityUID(typeRole, types.String(r)))
	}
	own := make([]types.Value, len(sites))
	for i, s := range sites {
		own[i] = types.NewEntityUID(typeSite, types.String(s))
	}
	return cedar.Entity{
		UID:     types.NewEntityUID(typeUser, types.String(actor.Issuer+"#"+actor.Subject)),
		Parents: types.NewEntityUIDSet(parents...),
		Attributes: types.NewRecord(types.RecordMap{
			"all_sites": types.Boolean(sites == nil),
			"sites":     types.NewSet(own...),
		}),
	}
}

// deciding names one of the policies that decided, always the same one.
func deciding(why cedar.Diagnostic) string {
	name := ""
	for _, r := range why.Reasons {
		if id := string(r.PolicyID); name == "" || id < name {
			name = id
		}
	}
	return name
}

// Names returns the names of all policies.
func (p *Policies) Names() []string {
	names := []string{}
	for id := range maps.Keys(maps.Collect(p.set.All())) {
		names = append(names, string(id))
	}
	return names
}
