package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

// content is a version's content, read by its kind.
type content struct {
	sla      SLA
	calendar *calendar.Calendar
	typed    any // what canonical writes
}

// read decodes and checks raw by kind. Faults are *domain.InvalidError with
// pointers relative to a body whose content is at /content.
func read(kind Kind, raw json.RawMessage) (content, error) {
	switch kind {
	case KindSLA:
		var s SLA
		if err := decode(raw, &s); err != nil {
			return content{}, err
		}
		return content{sla: s, typed: s}, s.check()
	case KindCalendar:
		var c calendar.Content
		if err := decode(raw, &c); err != nil {
			return content{}, err
		}
		cal, err := calendar.Parse(c)
		return content{calendar: cal, typed: c}, under("/content", err)
	}
	return content{}, domain.Invalid("/kind", "POL-01", "policy.kind_unknown", "kind", string(kind))
}

// decode reads one closed object.
func decode(raw json.RawMessage, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil || dec.More() {
		return domain.Invalid("/content", "POL-01", "policy.content_malformed")
	}
	return nil
}

// canonical returns content in canonical JSON and its hash as hex SHA-256.
// The typed content is written, read back as plain maps and written again:
// so members are sorted, nothing is escaped beyond need, and numbers are the
// integers they were. For contents like ours, with ASCII member names and no
// fractions, that is the form of RFC 8785.
func canonical(typed any) (raw json.RawMessage, hash string, err error) {
	first, err := json.Marshal(typed)
	if err != nil {
		return nil, "", fmt.Errorf("encode policy content: %w", err)
	}
	var plain any
	dec := json.NewDecoder(bytes.NewReader(first))
	dec.UseNumber()
	if err := dec.Decode(&plain); err != nil {
		return nil, "", fmt.Errorf("read back policy content: %w", err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain); err != nil {
		return nil, "", fmt.Errorf("encode policy content: %w", err)
	}
	raw = bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	sum := sha256.Sum256(raw)
	return raw, hex.EncodeToString(sum[:]), nil
}

const longestLimitS = 366 * 24 * 60 * 60 // of a target

// MarshalJSON writes missing targets as [].
func (s SLA) MarshalJSON() ([]byte, error) {
	type plain SLA
	if s.Targets == nil {
		s.Targets = []SLATarget{}
	}
	return json.Marshal(plain(s))
}

// Target returns what is agreed for a level, if anything.
func (s SLA) Target(level int, name string) (SLATarget, bool) {
	for _, t := range s.Targets {
		if t.Level == level && t.Name == name {
			return t, true
		}
	}
	return SLATarget{}, false
}

// check returns one *domain.InvalidError for each fault, joined.
func (s SLA) check() error {
	var faults []error
	fault := func(pointer, rule, key string, pairs ...any) {
		faults = append(faults, domain.Invalid("/content"+pointer, rule, key, pairs...))
	}
	if s.Calendar == uuid.Nil {
		fault("/calendar", "SLA-04", "policy.calendar_missing")
	}
	type key struct {
		level int
		name  string
	}
	seen := make(map[key]bool, len(s.Targets))
	for i, t := range s.Targets {
		at := "/targets/" + strconv.Itoa(i)
		if t.Level < 1 || t.Level > 4 {
			fault(at+"/level", "TKT-04", "ticket.level_unknown", "level", t.Level)
		}
		if t.Name != "first_contact" && t.Name != "resolution" {
			fault(at+"/name", "SLA-01", "policy.target_unknown", "target", t.Name)
		}
		if t.Clock != "working" && t.Clock != "wall" {
			fault(at+"/clock", "SLA-12", "policy.clock_unknown", "clock", t.Clock)
		}
		if t.LimitS < 1 || t.LimitS > longestLimitS {
			fault(at+"/limit_s", "SLA-01", "policy.limit_out_of_range", "most", longestLimitS)
		}
		if seen[key{t.Level, t.Name}] {
			fault(at, "SLA-01", "policy.target_repeated", "level", t.Level, "target", t.Name)
		}
		seen[key{t.Level, t.Name}] = true
	}
	return errors.Join(faults...)
}

// under moves the pointers of the faults in err below prefix.
func under(prefix string, err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		moved := make([]error, 0, len(joined.Unwrap()))
		for _, e := range joined.Unwrap() {
			moved = append(moved, under(prefix, e))
		}
		return errors.Join(moved...)
	}
	if fault, ok := errors.AsType[*domain.InvalidError](err); ok {
		moved := *fault
		moved.Pointer = prefix + fault.Pointer
		return &moved
	}
	return err
}
