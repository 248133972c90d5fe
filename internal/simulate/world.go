package simulate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Plan is what is simulated. A folder is continued only with the plan it began with.
type Plan struct {
	Sets   []string `json:"sets"` // of Sets(), one site each
	Seed   uint64   `json:"seed"`
	People int      `json:"people"` // technicians of a site
	Tools  int      `json:"tools"`  // of a site at the start
	Stores int      `json:"stores"`
}

// Equal reports whether p and q are the same plan.
func (p Plan) Equal(q Plan) bool {
	return slices.Equal(p.Sets, q.Sets) && p.Seed == q.Seed && p.People == q.People && p.Tools == q.Tools && p.Stores == q.Stores
}

// Sets are the sets of regulations that can be simulated.
func Sets() []string { return []string{"mine", "workshop", "appliance-service"} }

// Person is somebody at a site.
type Person struct {
	ID     string            `json:"id"`
	Key    string            `json:"key"`
	Name   string            `json:"name"`
	Site   string            `json:"site"`
	Roles  []string          `json:"roles"`
	Post   string            `json:"post,omitempty"`
	Team   string            `json:"team,omitempty"`
	Since  time.Time         `json:"since"`
	Left   bool              `json:"left,omitempty"`
	Leaves bool              `json:"leaves,omitempty"` // has said so and brings back what they have
	Wages  map[string][]Wage `json:"wages"`            // as they were posted, by month
}

// Wage is what was posted for a month, in fen.
type Wage struct {
	At  time.Time `json:"at"`
	Fen int64     `json:"fen"`
}

// Kind is a kind of tool of a site's policy.
type Kind struct {
	Code          string `json:"code"`
	Name          string `json:"name"`
	Category      string `json:"category"`
	LifeMonths    int    `json:"life_months"`
	InspectMonths int    `json:"inspect_months"`
	StoreKept     bool   `json:"store_kept"`
}

// Site is one site, its people and what its actors remember.
type Site struct {
	Code     string         `json:"code"`
	Set      string         `json:"set"`
	ID       string         `json:"id"`
	Teams    []string       `json:"teams"`
	Stores   []string       `json:"stores"`
	Kinds    []Kind         `json:"kinds"`
	People   []*Person      `json:"people"`
	Entitled map[string]int `json:"entitled"` // post/kind
	Minimum  int64          `json:"minimum_wage_fen"`
	Numbers  int            `json:"numbers"` // tools numbered so far
	Keys     int            `json:"keys"`    // persons registered so far
	Recall   string         `json:"recall,omitempty"`
	Kits     []string       `json:"kits,omitempty"`

	tools   []*toolRow
	touched map[string]bool
}

// World is what a simulation keeps beside the installation.
type World struct {
	Plan
	Started   time.Time      `json:"started"` // midnight of the first day at the sites
	Day       int            `json:"day"`     // days lived
	Now       time.Time      `json:"now"`     // what the clock told then
	Rand      []byte         `json:"rand"`
	Commands  int64          `json:"commands"`
	Events    int64          `json:"events"` // in the log when the last day had ended
	Sites     []*Site        `json:"sites"`
	Refused   map[string]int `json:"refused"`   // by rule
	Unplanned map[string]int `json:"unplanned"` // refusals that no actor meant to get
	Tried     int            `json:"tried"`     // what a rule forbids, on purpose
	Slipped   []string       `json:"slipped"`   // what a rule forbids and was accepted
	Custody   []string       `json:"custody"`   // sampled moments at which a tool had not one custodian
	Samples   int            `json:"samples"`   // tools times moments
}

// Simulator lives the days of a world. Not safe for concurrent use.
type Simulator struct {
	in     Installation
	w      *World
	rng    *rand.Rand
	source *rand.PCG
	http   *http.Client
	tokens map[string]string
	policy PolicyReader
	admin  *Person // of the installation
	sunday bool
	// written says that something was asked for since the read models were waited for.
	written bool
}

// PolicyReader returns the content of a policy file of a set, "mine" and "tools".
type PolicyReader func(set, kind string) (json.RawMessage, error)

// Zone is that of all sites; it has no summer time.
func Zone() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// First is the first day of every simulation.
func First() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, Zone()) }

// New returns the simulator of a new world, or of one that was kept.
func New(in Installation, w *World, policies PolicyReader) (*Simulator, error) {
	s := &Simulator{
		in: in, w: w, policy: policies, tokens: map[string]string{},
		http:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
		source: rand.NewPCG(w.Seed, 0x6669656c64),
		admin:  &Person{Key: "root", Name: "root", Roles: []string{"admin"}},
	}
	if len(w.Rand) > 0 {
		if err := s.source.UnmarshalBinary(w.Rand); err != nil {
			return nil, fmt.Errorf("read generator: %w", err)
		}
	}
	s.rng = rand.New(s.source) //nolint:gosec // the same each time
	return s, nil
}

// NewWorld is a world in which nothing has happened.
func NewWorld(p Plan) *World {
	return &World{Plan: p, Started: First(), Now: First(), Refused: map[string]int{}, Unplanned: map[string]int{}}
}

const stateFile = "simulation.json"

// Load returns the world kept in a folder; nil if there is none.
func Load(dir string) (*World, error) {
	text, err := os.ReadFile(filepath.Join(dir, stateFile)) //nolint:gosec // the caller names it
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read simulation: %w", err)
	}
	w := &World{}
	if err := json.Unmarshal(text, w); err != nil {
		return nil, fmt.Errorf("read simulation: %w", err)
	}
	return w, nil
}

// Save keeps the world in a folder, whole or not at all.
func (s *Simulator) Save(dir string) error {
	state, err := s.source.MarshalBinary()
	if err != nil {
		return fmt.Errorf("keep generator: %w", err)
	}
	s.w.Rand = state
	text, err := json.Marshal(s.w)
	if err != nil {
		return fmt.Errorf("keep simulation: %w", err)
	}
	tmp := filepath.Join(dir, stateFile+".new")
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return fmt.Errorf("keep simulation: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, stateFile)); err != nil {
		return fmt.Errorf("keep simulation: %w", err)
	}
	return nil
}

// Close gives up the connections.
func (s *Simulator) Close() { s.http.CloseIdleConnections() }

// chance is true so many times of a thousand.
func (s *Simulator) chance(permille int) bool { return s.rng.IntN(1000) < permille }

// pick draws one; the zero value of none.
func pick[T any](s *Simulator, of []T) T {
	var zero T
	if len(of) == 0 {
		return zero
	}
	return of[s.rng.IntN(len(of))]
}

// pass lets some time go by before the next thing is done.
func (s *Simulator) pass(context.Context) {
	s.in.Set(s.in.Now().Add(time.Duration(1+s.rng.IntN(5)) * time.Second))
}

// to moves the clock to an hour of the day, unless it is later already.
func (s *Simulator) to(hour, minute int) {
	at := s.w.Started.AddDate(0, 0, s.w.Day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	if at.After(s.in.Now()) {
		s.in.Set(at)
	}
}

// today is the day at the sites.
func (s *Simulator) today() time.Time { return s.w.Started.AddDate(0, 0, s.w.Day) }

func day(t time.Time) string     { return t.In(Zone()).Format(time.DateOnly) }
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// staff are the people of a site with a role who have not left.
func (st *Site) staff(role string) []*Person {
	var out []*Person
	for _, p := range st.People {
		if !p.Left && slices.Contains(p.Roles, role) {
			out = append(out, p)
		}
	}
	return out
}

// one is the first of the people with a role.
func (st *Site) one(role string) *Person {
	if all := st.staff(role); len(all) > 0 {
		return all[0]
	}
	return nil
}

func (st *Site) person(id string) *Person {
	for _, p := range st.People {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// holder is who has a tool.
type holder struct {
	Kind string `json:"kind"`
	Who  string `json:"who"`
}

// toolRow is a tool as the list shows it.
type toolRow struct {
	ID           string     `json:"id"`
	Revision     int64      `json:"revision"`
	Number       string     `json:"number"`
	Kind         string     `json:"kind"`
	Category     string     `json:"category"`
	Spec         string     `json:"spec"`
	Batch        string     `json:"batch"`
	PriceFen     int64      `json:"price_fen"`
	PurchasedOn  string     `json:"purchased_on"`
	LifeMonths   int        `json:"life_months"`
	Use          string     `json:"use"`
	Home         string     `json:"home"`
	Standing     string     `json:"standing"`
	Holder       holder     `json:"holder"`
	Since        time.Time  `json:"since"`
	OfferedTo    *holder    `json:"offered_to"`
	Until        *time.Time `json:"until"`
	Blocked      string     `json:"blocked"`
	KeptBy       *string    `json:"kept_by"`
	Surrendered  bool       `json:"surrendered"`
	InspectionBy *string    `json:"next_inspection_by"`
}

// path is where a tool is.
func (t *toolRow) path() string { return "/v1/tools/" + t.ID }

// look reads all tools of a site anew, in the order of their numbers.
func (s *Simulator) look(ctx context.Context, st *Site) error {
	if err := s.in.Settle(ctx); err != nil {
		return err
	}
	rows, err := list[*toolRow](ctx, s, st.one("storekeeper"), "/v1/tools?site="+st.Code)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *toolRow) int { return cmp.Compare(a.Number, b.Number) })
	st.tools, st.touched = rows, map[string]bool{}
	return nil
}

// lapsed reports whether a tool may not be given out for its inspection.
func (st *Site) lapsed(t *toolRow, on time.Time) bool {
	k := st.kind(t.Kind)
	return t.InspectionBy != nil && *t.InspectionBy < day(on) || t.InspectionBy == nil && k != nil && k.InspectMonths > 0
}

func (st *Site) kind(code string) *Kind {
	for i := range st.Kinds {
		if st.Kinds[i].Code == code {
			return &st.Kinds[i]
		}
	}
	return nil
}

// tool draws an untouched tool that fits, and marks it as touched; nil if there is none.
func (s *Simulator) tool(st *Site, fits func(*toolRow) bool) *toolRow {
	var all []*toolRow
	for _, t := range st.tools {
		if !st.touched[t.ID] && fits(t) {
			all = append(all, t)
		}
	}
	t := pick(s, all)
	if t != nil {
		st.touched[t.ID] = true
	}
	return t
}

// each visits the untouched tools that fit and marks them as touched.
func (s *Simulator) each(st *Site, fits func(*toolRow) bool, visit func(*toolRow) error) error {
	for _, t := range st.tools {
		if st.touched[t.ID] || !fits(t) {
			continue
		}
		st.touched[t.ID] = true
		if err := visit(t); err != nil {
			return err
		}
	}
	return nil
}

// sound is a tool in store that can be given out today.
func (s *Simulator) sound(st *Site) func(*toolRow) bool {
	return func(t *toolRow) bool {
		return t.Standing == "in_store" && t.OfferedTo == nil && t.Blocked == "" && t.KeptBy == nil && !t.Surrendered && !st.lapsed(t, s.today())
	}
}

// act gives a command on a tool by the revision that was seen.
func (s *Simulator) act(ctx context.Context, who *Person, t *toolRow, verb string, body object) (bool, error) {
	a, err := s.do(ctx, who, t.path()+"/"+verb, body, t.Revision)
	if err == nil && a.ok() && a.revision >= 0 {
		t.Revision = a.revision
	}
	return a.ok() && err == nil, err
}
