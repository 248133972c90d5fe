package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

// content is a version's content, read by its kind.
type content struct {
	sla      SLA
	calendar *calendar.Calendar
	codes    Codes
	tools    Tools
	// compensation is that of KindCompensation.
	compensation Compensation
	keeping      Keeping
	purchasing   Purchasing
	authority    Authority
	typed        any // what canonical writes
}

// kindRule is what is to be known of a kind.
type kindRule struct {
	// read decodes and checks a content. Faults are *domain.InvalidError with
	// pointers relative to a body whose content is at /content.
	read func(json.RawMessage) (content, error)
	// money marks prices, compensation, caps of deduction and pay: a version
	// needs a second person's approval (POL-05).
	money bool
}

type kindTable map[Kind]kindRule

// kinds has a line for every kind.
func kinds() kindTable {
	return kindTable{
		KindSLA:      {read: readSLA},
		KindCalendar: {read: readCalendar},
		KindCodes:    {read: readCodes},
		KindTools:    {read: readTools},
		// Compensation and caps of deduction are money (POL-05).
		KindCompensation: {read: readCompensation, money: true},
		KindKeeping:      {read: readKeeping},

		KindPurchasing: {read: readPurchasing, money: true}, // POL-05
		KindAuthority:  {read: readAuthority, money: true},  // POL-05: nobody gives himself an amount
	}
}

// Kinds lists the kinds in the order in which they build on each other.
func Kinds() []Kind {
	return []Kind{KindCalendar, KindSLA, KindCodes, KindTools, KindPurchasing, KindCompensation, KindKeeping, KindAuthority}
}

func (k kindTable) read(kind Kind, raw json.RawMessage) (content, error) {
	rule, ok := k[kind]
	if !ok {
		return content{}, domain.Invalid("/kind", "POL-01", "policy.kind_unknown", "kind", string(kind))
	}
	return rule.read(raw)
}

func readSLA(raw json.RawMessage) (content, error) {
	var s SLA
	if err := decode(raw, &s); err != nil {
		return content{}, err
	}
	return content{sla: s, typed: s}, s.check()
}

func readCalendar(raw json.RawMessage) (content, error) {
	var c calendar.Content
	if err := decode(raw, &c); err != nil {
		return content{}, err
	}
	cal, err := calendar.Parse(c)
	return content{calendar: cal, typed: c}, under("/content", err)
}

func readCodes(raw json.RawMessage) (content, error) {
	var c Codes
	if err := decode(raw, &c); err != nil {
		return content{}, err
	}
	return content{codes: c, typed: c}, c.check()
}

func readTools(raw json.RawMessage) (content, error) {
	var t Tools
	if err := decode(raw, &t); err != nil {
		return content{}, err
	}
	return content{tools: t, typed: t}, t.check()
}

func readCompensation(raw json.RawMessage) (content, error) {
	var c Compensation
	if err := decode(raw, &c); err != nil {
		return content{}, err
	}
	return content{compensation: c, typed: c}, c.check()
}

func readKeeping(raw json.RawMessage) (content, error) {
	var k Keeping
	if err := decode(raw, &k); err != nil {
		return content{}, err
	}
	return content{keeping: k, typed: k}, k.check()
}

// Canonical returns a content as a version of kind would hold it, and its
// hash. Faults are joined *domain.InvalidError.
func Canonical(kind Kind, raw json.RawMessage) (json.RawMessage, string, error) {
	parsed, err := kinds().read(kind, raw)
	if err != nil {
		return nil, "", err
	}
	return canonical(parsed.typed)
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
