package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

//go:embed events.md.tmpl
var pageText string

var pageTemplate = template.Must(template.New("events.md").Parse(pageText))

// meanings says what fields mean whose struct leaves it to their name: by
// struct and name, else by name.
var meanings = map[string]string{
	"ticket.LevelChanged.from":      "level before",
	"ticket.LevelChanged.to":        "level after",
	"ticket.LevelChanged.reason":    "why; `import` for imported rows",
	"ticket.LevelChanged.at":        "when it happened",
	"ticket.Reopened.reason":        "why; `import` for imported rows",
	"ticket.Reopened.targets":       "agreed times of the new cycle's clock",
	"ticket.Span.from":              "start, included",
	"ticket.Span.to":                "end, not included",
	"site.Registered.name":          "name of the site",
	"team.Registered.name":          "name of the team",
	"team.Registered.code":          "the team's key at its site",
	"person.Registered.name":        "the person's name",
	"process.Task.input":            "the event that it is about",
	"process.Task.act_at":           "not acted on before",
	"process.Input.stream":          "its stream",
	"process.Input.event_id":        "its id",
	"process.Input.revision":        "its revision there",
	"process.Noticed.input":         "the event",
	"process.Outcome.result":        "what it came to",
	"record.Struck.second_person":   "id of the person who agreed, not the actor",
	"number.BlockReserved.to":       "included",
	"eventschemas.Actor.issuer":     "issuer of the token, `fieldledger` for the program itself",
	"eventschemas.Actor.subject":    "who it is at the issuer",
	"eventschemas.Actor.roles":      "roles that the token gave",
	"eventschemas.CommandRef.type":  "what was asked for, `ticket.assign`",
	"eventschemas.Source.system":    "name of the source system",
	"policy.SLATarget.level":        "fault level, 1 to 4 (TKT-04)",
	"policy.VersionRecorded.author": "who wrote it",
	"policy.VersionRecorded.reason": "why",
	"site.PolicySetChosen.reason":   "why",
	"domain.PolicyRef.id":           "id of the policy",
	"calendar.Week.mon":             "hours of a Monday, from and to by the clock on the wall; `24:00` is legal as the end, an end at or before the start lies on the next day",
	"calendar.Week.tue":             "as `mon`",
	"calendar.Week.wed":             "as `mon`",
	"calendar.Week.thu":             "as `mon`",
	"calendar.Week.fri":             "as `mon`",
	"calendar.Week.sat":             "as `mon`",
	"calendar.Week.sun":             "as `mon`",
	"policy":                        "policy version that agreed the time",
	"calendar":                      "policy version of the calendar that it counts by",
	"at":                            "when it happened",
	"brand":                         "maker",
	"code":                          "of the kind of tools, or of the item that is kept in stock",
	"count":                         "pieces",
	"item":                          "code of the item",
	"line":                          "its place in the plan, from 0",
	"lines":                         "what is needed",
	"lot":                           "code of the lot",
	"name":                          "what it is called",
	"number":                        "marked on it",
	"ok":                            "whether it is as it should be",
	"passed":                        "whether it is good",
	"pieces":                        "how many",
	"purchase":                      "id of the purchase",
	"quote":                         "number of the quote, from 1",
	"short":                         "it is reported short of its minimum already",
	"signed":                        "who signs, and in which role",
	"spec":                          "size or model",
	"store":                         "code of the store",
	"supplier":                      "who would deliver it",
	"unit_price_fen":                "of one piece",
	"what":                          "size, appearance, fit or another",
	"approver":                      "who approved it, `\"\"` for nobody; never the author (POL-05)",
	"cycle":                         "of the clock; 1 was the first",
	"effective_from":                "from when on it is in force",
	"external":                      "what other systems call it",
	"limit_s":                       "agreed time of the clock",
	"note":                          "free text",
	"phone":                         "phone number",
	"resolved_at":                   "when the source says that it was resolved",
	"signer":                        "name of who signed",
	"sla_met":                       "whether the source says that its own target was met",
	"start_at":                      "when the clock started",
	"targets":                       "agreed times",
}

// page is what the template shows.
type page struct {
	Index    []group
	Events   []entry
	Parts    []entry
	Enums    []enum
	Envelope entry
	EnvParts []entry
}

type group struct {
	Category, Stream string
	Events           []entry
}

// entry is an event type or a struct in one.
type entry struct {
	Name, Go, Says, Stream, Emitted, Read, Example string
	Fields                                         []field
	Newest                                         bool
}

type field struct{ Name, Type, Meaning string }

type enum struct {
	Name, Says string
	Values     []constant
}

// Anchor is where a link to the entry goes.
func (e entry) Anchor() string {
	return strings.ToLower(strings.NewReplacer(".", "", " ", "-").Replace(e.Name))
}

// Anchor is where a link to the enumeration goes.
func (e enum) Anchor() string { return entry{Name: e.Name}.Anchor() }

// pageOf writes docs/events.md.
func pageOf(root string) ([]byte, error) {
	s, err := readSources(root)
	if err != nil {
		return nil, err
	}
	w := &pageWriter{sources: s, root: root}
	p := page{}
	for _, t := range eventschemas.Types() {
		e, err := w.event(t)
		if err != nil {
			return nil, err
		}
		p.Events = append(p.Events, e)
		category, _, _ := strings.Cut(t.Name, ".")
		if n := len(p.Index); n == 0 || p.Index[n-1].Category != category {
			p.Index = append(p.Index, group{Category: category, Stream: e.Stream})
		}
		p.Index[len(p.Index)-1].Events = append(p.Index[len(p.Index)-1].Events, e)
	}
	if p.Parts, err = w.drain(); err != nil {
		return nil, err
	}
	envelope := reflect.TypeFor[eventschemas.Envelope]()
	if p.Envelope.Fields, err = w.fields(envelope); err != nil {
		return nil, err
	}
	if p.EnvParts, err = w.drain(); err != nil {
		return nil, err
	}
	p.Enums = w.enums()
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write events page: %w", err)
	}
	return b.Bytes(), nil
}

// pageWriter collects the structs and enumerations that fields lead to.
type pageWriter struct {
	*sources
	root  string
	parts []reflect.Type // structs met, in order
	done  int            // of parts, already shown
	met   []reflect.Type // enumerations met, in order
}

func typeName(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

func shortName(t reflect.Type) string { return path.Base(t.PkgPath()) + "." + t.Name() }

func (w *pageWriter) event(t eventschemas.TypeInfo) (entry, error) {
	u, ok := uses[t.Name]
	if !ok {
		return entry{}, fmt.Errorf("say in uses who emits and who reads %s", t.Name)
	}
	fields, err := w.fields(t.Go)
	if err != nil {
		return entry{}, err
	}
	examples, err := filepath.Glob(filepath.Join(w.root, "eventschemas", "testdata", t.Name+"*.json"))
	if err != nil || len(examples) == 0 {
		return entry{}, fmt.Errorf("%s has no example in testdata: %w", t.Name, err)
	}
	decider, _, _ := strings.Cut(t.Name, ".")
	emitted := "`" + strings.Join(u.by, "`, `") + "` (domain/" + decider + ")"
	if u.when != "" {
		emitted += ", " + u.when
	}
	readers := slices.Clone(u.readers)
	projections := w.readers[typeName(t.Go)]
	slices.Sort(projections)
	readers = append(readers, projections...)
	return entry{
		Name: t.Name, Go: shortName(t.Go), Newest: t.Newest, Stream: u.stream, Fields: fields, Example: shortest(examples),
		Says:    strings.TrimSpace(strings.ReplaceAll(w.types[typeName(t.Go)], "Type "+t.Name+".", "")),
		Emitted: emitted,
		Read:    strings.Join(readers, "; "),
	}, nil
}

// shortest is the name of the plain example, without a variant's name in it.
func shortest(paths []string) string {
	return filepath.Base(slices.MinFunc(paths, func(a, b string) int { return cmp.Compare(len(a), len(b)) }))
}

// drain shows the structs that were met since the last time.
func (w *pageWriter) drain() ([]entry, error) {
	var out []entry
	for ; w.done < len(w.parts); w.done++ {
		t := w.parts[w.done]
		fields, err := w.fields(t)
		if err != nil {
			return nil, err
		}
		out = append(out, entry{Name: shortName(t), Says: w.types[typeName(t)], Fields: fields})
	}
	return out, nil
}

func (w *pageWriter) enums() []enum {
	out := make([]enum, len(w.met))
	for i, t := range w.met {
		out[i] = enum{Name: shortName(t), Says: w.types[typeName(t)], Values: w.constants[typeName(t)]}
	}
	return out
}

func (w *pageWriter) fields(t reflect.Type) ([]field, error) {
	var out []field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		form, err := w.form(t, f)
		if err != nil {
			return nil, fmt.Errorf("field %v.%s: %w", t, f.Name, err)
		}
		meaning := w.meaning(t, f, name)
		if meaning == "" {
			return nil, fmt.Errorf("field %v.%s has no comment", t, f.Name)
		}
		if u := unit(name); u != "" {
			form += ", " + u
		}
		if options == "omitempty" {
			form += ", may be absent"
		}
		out = append(out, field{Name: name, Type: form, Meaning: strings.ReplaceAll(meaning, "|", `\|`)})
	}
	return out, nil
}

var onlyRule = regexp.MustCompile(`^[A-Z]{3}-\d\d$`)

// meaning is a field's own comment, else what its name stands for, else what
// its type says of itself. A comment that is only a rule id goes behind that.
func (w *pageWriter) meaning(t reflect.Type, f reflect.StructField, name string) string {
	own := afterName(f.Name, w.sources.fields[typeName(t)+"."+f.Name])
	if own != "" && !onlyRule.MatchString(own) {
		return wireNames(t, own)
	}
	says := cmp.Or(meanings[shortName(t)+"."+name], meanings[name], w.ofType(f.Type))
	if own != "" && !strings.Contains(says, own) {
		says += " (" + own + ")"
	}
	return says
}

// ofType is the first sentence of a type's own comment, without its name.
func (w *pageWriter) ofType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Name() == "" {
		t = t.Elem()
	}
	says, _, _ := strings.Cut(w.types[typeName(t)], ". ")
	return afterName(t.Name(), says)
}

// afterName is a comment without the Go name that it starts with.
func afterName(name, says string) string {
	for _, verb := range []string{" is ", " says ", " names ", " holds "} {
		if rest, ok := strings.CutPrefix(says, name+verb); ok {
			says = rest
		}
	}
	return strings.TrimSuffix(says, ".")
}

var goNames = regexp.MustCompile(`\b(?:At|[A-Z][a-z]+[A-Z]\w*)\b`)

// wireNames writes the Go names of t's fields in a comment as they are on the wire.
func wireNames(t reflect.Type, comment string) string {
	return goNames.ReplaceAllStringFunc(comment, func(word string) string {
		f, ok := t.FieldByName(word)
		if !ok {
			return word
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return "`" + name + "`"
	})
}

// unit reads the unit in a name's end.
func unit(name string) string {
	for suffix, unit := range map[string]string{"_s": "seconds", "_fen": "fen (CNY)", "_ppm": "ppm"} {
		if strings.HasSuffix(name, suffix) {
			return unit
		}
	}
	return ""
}

// form names the wire form of a field.
func (w *pageWriter) form(t reflect.Type, f reflect.StructField) (string, error) {
	if t == reflect.TypeFor[policy.VersionRecorded]() && f.Name == "Content" {
		sla, err := w.formOf(reflect.TypeFor[policy.SLA]())
		if err != nil {
			return "", err
		}
		hours, err := w.formOf(reflect.TypeFor[calendar.Content]())
		if err != nil {
			return "", err
		}
		codes, err := w.formOf(reflect.TypeFor[policy.Codes]())
		return sla + ", " + hours + " or " + codes + ", by kind", err
	}
	return w.formOf(f.Type)
}

func (w *pageWriter) formOf(t reflect.Type) (string, error) {
	switch t {
	case reflect.TypeFor[domain.Instant]():
		return "instant", nil
	case reflect.TypeFor[domain.Day]():
		return "date", nil
	case reflect.TypeFor[uuid.UUID]():
		return "UUID", nil
	case reflect.TypeFor[json.RawMessage]():
		return "object", nil
	case reflect.TypeFor[[]byte]():
		return "base64", nil
	case reflect.TypeFor[ticket.Level]():
		return "integer, 1 to 4", nil
	case reflect.TypeFor[calendar.Hours]():
		return "pair of `\"HH:MM\"`", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.formOf(t.Elem())
	case reflect.String:
		return w.text(t), nil
	case reflect.Bool:
		return "true or false", nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "integer", nil
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		return "integer ≥ 0", nil
	case reflect.Slice:
		inner, err := w.formOf(t.Elem())
		return "list of " + inner, err
	case reflect.Map:
		key, err := w.formOf(t.Key())
		if err != nil {
			return "", err
		}
		inner, err := w.formOf(t.Elem())
		return "object: " + key + " → " + inner, err
	case reflect.Struct:
		if !slices.Contains(w.parts, t) {
			w.parts = append(w.parts, t)
		}
		return link(t), nil
	default:
		return "", fmt.Errorf("%v has no wire form", t)
	}
}

// text is the form of a string: an enumeration if its type has constants.
func (w *pageWriter) text(t reflect.Type) string {
	if len(w.constants[typeName(t)]) == 0 {
		return "string"
	}
	if !slices.Contains(w.met, t) {
		w.met = append(w.met, t)
	}
	return link(t)
}

func link(t reflect.Type) string {
	return "[" + shortName(t) + "](#" + entry{Name: shortName(t)}.Anchor() + ")"
}
