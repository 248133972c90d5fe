package importlog

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// ToolMapping says how to read a list of tools that exist already.
// ParseToolMapping reads and checks it; SampleToolMapping is a commented
// example, and docs/import.md tells every key. It never changes and is safe for
// concurrent use.
type ToolMapping struct {
	Source       string
	Site         Site
	Delimiter    byte
	Quote        byte
	Missing      map[string]bool
	Columns      ToolColumns
	Days         []string // layouts
	OpeningOn    domain.Day
	PriceFen     bool              // prices are in fen, else in yuan
	Kinds        map[string]string // of the source to the site's; nil: they are the site's
	Stores       map[string]string // likewise
	Uses         map[string]tool.Use
	DefaultUse   tool.Use
	DefaultStore string
	PersonSystem string          // whose keys the column of persons holds
	TeamSystem   string          // likewise
	Rules        []PolicyVersion // of tools, to record for a site without its own
}

// ToolColumns names the list's columns. Number, Kind, Price and PurchasedOn
// must be given.
type ToolColumns struct {
	Number, Kind, Price, PurchasedOn Column
	Name, Spec, Brand, Batch         Column
	Use, Store                       Column
	Person, PersonName               Column // the name is sealed before it is stored
	Team, TeamName                   Column
	Since                            Column // since when its holder has it
}

func (c *ToolColumns) named() []namedColumn {
	return []namedColumn{
		{"number", &c.Number, true},
		{"kind", &c.Kind, true},
		{"price", &c.Price, true},
		{"purchased_on", &c.PurchasedOn, true},
		{"name", &c.Name, false},
		{"spec", &c.Spec, false},
		{"brand", &c.Brand, false},
		{"batch", &c.Batch, false},
		{"use", &c.Use, false},
		{"store", &c.Store, false},
		{"person", &c.Person, false},
		{"person_name", &c.PersonName, false},
		{"team", &c.Team, false},
		{"team_name", &c.TeamName, false},
		{"since", &c.Since, false},
	}
}

// ParseToolMapping reads and checks a mapping file of a list of tools. The
// error is a *MappingError with every fault.
func ParseToolMapping(file []byte) (*ToolMapping, error) {
	root, err := document(file)
	if err != nil {
		return nil, err
	}
	shared := &Mapping{Delimiter: ',', Quote: '"', Missing: map[string]bool{"": true}}
	r := &toolMappingReader{mappingReader: mappingReader{m: shared}, tools: &ToolMapping{}}
	r.mapping(root)
	if err := r.err(); err != nil {
		return nil, err
	}
	m := r.tools
	m.Source, m.Site, m.Delimiter, m.Quote, m.Missing, m.Rules = shared.Source, shared.Site, shared.Delimiter, shared.Quote, shared.Missing, shared.Policies
	return m, nil
}

// toolMappingReader reads what both kinds of mapping have as the other does.
type toolMappingReader struct {
	mappingReader
	tools *ToolMapping
}

func (r *toolMappingReader) mapping(n *yaml.Node) {
	m := r.tools
	fields := map[string]field{}
	for _, named := range m.Columns.named() {
		fields[named.key] = field{r.column(named.column), named.required}
	}
	r.object(n, "", map[string]field{
		"version":       required(r.check(oneOf("1"))),
		"source":        required(r.text(&r.m.Source)),
		"site":          required(r.site),
		"format":        optional(r.csv),
		"missing":       optional(r.missing),
		"columns":       required(func(n *yaml.Node, path string) { r.object(n, path, fields) }),
		"days":          required(r.days),
		"opening_on":    required(r.check(func(v string) error { m.OpeningOn = domain.Day(v); return civilDay(v) })),
		"price":         optional(r.check(func(v string) error { m.PriceFen = v == "fen"; return oneOf("yuan", "fen")(v) })),
		"kinds":         optional(table(&r.nodes, &m.Kinds, asCode)),
		"stores":        optional(table(&r.nodes, &m.Stores, asCode)),
		"uses":          optional(table(&r.nodes, &m.Uses, parseUse)),
		"default_use":   required(r.check(func(v string) (err error) { m.DefaultUse, err = parseUse(v); return err })),
		"default_store": required(r.text(&m.DefaultStore)),
		"person_system": optional(r.text(&m.PersonSystem)),
		"team_system":   optional(r.text(&m.TeamSystem)),
		"rules":         optional(r.rules),
	})
	if m.PersonSystem == "" {
		m.PersonSystem = r.m.Source
	}
	if m.TeamSystem == "" {
		m.TeamSystem = r.m.Source
	}
	r.allPolicies(n)
}

func (r *toolMappingReader) csv(n *yaml.Node, path string) {
	r.object(n, path, map[string]field{
		"delimiter": optional(r.character(&r.m.Delimiter, ",", ";", "|", "\t")),
		"quote":     optional(r.character(&r.m.Quote, `"`, "'")),
	})
}

func (r *toolMappingReader) days(n *yaml.Node, path string) {
	r.items(n, path, r.check(func(v string) error {
		sample := time.Date(2017, 11, 23, 0, 0, 0, 0, time.UTC)
		if back, err := time.Parse(v, sample.Format(v)); err != nil || !back.Equal(sample) {
			return fmt.Errorf("layout %q does not give a day; write 2006/1/2 as the list does", v)
		}
		r.tools.Days = append(r.tools.Days, v)
		return nil
	}))
}

func (r *toolMappingReader) rules(n *yaml.Node, path string) {
	p := longPolicy{PolicyVersion: PolicyVersion{Kind: policy.KindTools}, path: join(path, "content")}
	r.object(n, path, map[string]field{
		"effective_from": required(r.check(func(v string) error { p.from = v; return dayOrInstant(v) })),
		"reason":         required(r.text(&p.Reason)),
		"content":        required(func(n *yaml.Node, _ string) { p.node = n }),
	})
	r.long = append(r.long, p)
}

func parseUse(v string) (tool.Use, error) { // TOL-06
	return tool.Use(v), oneOf(words(tool.Personal, tool.Shared, tool.Pool, tool.Special)...)(v)
}

func asCode(v string) (string, error) {
	if strings.TrimSpace(v) == "" {
		return "", fmt.Errorf("%q is no code", v)
	}
	return v, nil
}

func civilDay(v string) error {
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		return fmt.Errorf("%q is not a date like 2016-01-31", v)
	}
	return nil
}
