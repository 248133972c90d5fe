package importlog

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// toolRow is a row of a list of tools in our words.
type toolRow struct {
	line                     int
	number, kind             string
	name, spec, brand, batch string
	priceFen                 int64
	purchasedOn              domain.Day
	use                      tool.Use
	store                    string
	person, personName       string
	team, teamName           string
	since                    time.Time
}

// toolList reads the rows of a list by a mapping.
type toolList struct {
	rows *csvReader
	at   map[string]int // column by its key in the mapping
	m    *ToolMapping
	zone *time.Location
}

// openTools reads a list from its start up to the header and finds the columns
// in it. A column that is not there is a *MappingError.
func openTools(file io.ReadSeeker, m *ToolMapping) (*toolList, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind list: %w", err)
	}
	plain, err := unpacked(file)
	if err != nil {
		return nil, err
	}
	zone, err := calendar.LoadZone(m.Site.Zone)
	if err != nil {
		return nil, err
	}
	l := &toolList{rows: newCSVReader(plain, m.Delimiter, m.Quote), at: map[string]int{}, m: m, zone: zone}
	header, err := l.rows.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("read list: it has no header")
	case err != nil:
		return nil, fmt.Errorf("read list: %w", err)
	case header.fault != "":
		return nil, fmt.Errorf("read header of list: %s", header.fault)
	}
	l.rows.want = len(header.fields)
	return l, l.bind(header.fields)
}

func (l *toolList) bind(header []string) error {
	places := map[string][]int{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		places[name] = append(places[name], i)
	}
	var faults nodes
	for _, c := range l.m.Columns.named() {
		there := places[c.column.Name]
		switch {
		case c.column.Name == "":
			l.at[c.key] = -1
		case len(there) == 0:
			faults.fault(c.column.position, "columns."+c.key, "the list has no column %q", c.column.Name)
		case len(there) > 1:
			faults.fault(c.column.position, "columns."+c.key, "the list has column %q twice", c.column.Name)
		default:
			l.at[c.key] = there[0]
		}
	}
	return faults.err()
}

func (l *toolList) next() (rawRow, error) {
	row, err := l.rows.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return row, fmt.Errorf("read list after line %d: %w", l.rows.line(), err)
	}
	return row, err
}

// value returns a column of a row, trimmed; "" where it is missing.
func (l *toolList) value(f []string, key string) string {
	if l.at[key] < 0 {
		return ""
	}
	v := strings.TrimSpace(f[l.at[key]])
	if l.m.Missing[v] {
		return ""
	}
	return v
}

// read puts a row into our words, or says why it cannot be.
func (l *toolList) read(raw rawRow) (toolRow, *RowFault) {
	r := toolRow{line: raw.line}
	refuse := func(reason Reason, format string, args ...any) (toolRow, *RowFault) {
		return r, &RowFault{Line: r.line, Ticket: r.number, Row: r.number, Reason: reason, Detail: fmt.Sprintf(format, args...)}
	}
	if raw.fault != "" {
		return refuse(UnreadableRow, "%s", raw.fault)
	}
	f := raw.fields
	if r.number = l.value(f, "number"); r.number == "" {
		return refuse(MissingKey, "column %s", l.m.Columns.Number.Name)
	}
	for _, c := range []struct {
		key   string
		into  *string
		words map[string]string
		none  string
	}{{"kind", &r.kind, l.m.Kinds, ""}, {"store", &r.store, l.m.Stores, l.m.DefaultStore}} {
		word, ok := translated(c.words, l.value(f, c.key), c.none)
		if !ok {
			return refuse(UnknownValue, "%s %.60q", c.key, l.value(f, c.key))
		}
		*c.into = word
	}
	var ok bool
	if r.use, ok = translated(l.m.Uses, tool.Use(l.value(f, "use")), l.m.DefaultUse); !ok {
		return refuse(UnknownValue, "use %.60q", l.value(f, "use"))
	}
	var err error
	if r.priceFen, err = l.price(l.value(f, "price")); err != nil {
		return refuse(BadPrice, "%s", err)
	}
	if r.purchasedOn, err = l.day(l.value(f, "purchased_on")); err != nil {
		return refuse(BadTime, "column %s: %s", l.m.Columns.PurchasedOn.Name, err)
	}
	since := l.m.OpeningOn
	if v := l.value(f, "since"); v != "" {
		if since, err = l.day(v); err != nil {
			return refuse(BadTime, "column %s: %s", l.m.Columns.Since.Name, err)
		}
	}
	if r.since, err = time.ParseInLocation(time.DateOnly, string(since), l.zone); err != nil {
		return refuse(BadTime, "%s", err)
	}
	l.rest(f, &r)
	return r, nil
}

// rest reads the columns that cannot be at fault.
func (l *toolList) rest(f []string, r *toolRow) {
	for key, into := range map[string]*string{
		"name": &r.name, "spec": &r.spec, "brand": &r.brand, "batch": &r.batch,
		"person": &r.person, "person_name": &r.personName, "team": &r.team, "team_name": &r.teamName,
	} {
		*into = strings.Clone(l.value(f, key))
	}
	r.number, r.kind = strings.Clone(r.number), strings.Clone(r.kind)
}

// translated returns our word for one of the source; without a table it is ours.
func translated[W ~string](table map[string]W, word, none W) (W, bool) {
	switch {
	case word == "":
		return none, none != ""
	case table == nil:
		return word, true
	}
	ours, ok := table[string(word)]
	return ours, ok
}

// day reads a civil date by the first layout that fits.
func (l *toolList) day(v string) (domain.Day, error) {
	for _, layout := range l.m.Days {
		if at, err := time.Parse(layout, v); err == nil {
			return domain.Day(at.Format(time.DateOnly)), nil
		}
	}
	return "", fmt.Errorf("%.40q has none of the layouts", v)
}

// price reads an amount: whole fen, or yuan with at most two decimals.
func (l *toolList) price(v string) (int64, error) {
	whole, cents, point := strings.Cut(strings.ReplaceAll(v, ",", ""), ".")
	if l.m.PriceFen && !point {
		n, err := strconv.ParseUint(whole, 10, 62)
		return int64(n), priceFault(v, err)
	}
	yuan, err := strconv.ParseUint(whole, 10, 48)
	if err != nil || l.m.PriceFen || len(cents) > 2 || point && cents == "" {
		return 0, priceFault(v, errors.New("form"))
	}
	fen, err := strconv.ParseUint((cents + "00")[:2], 10, 8)
	return int64(yuan*100 + fen), priceFault(v, err)
}

func priceFault(v string, err error) error {
	if err != nil {
		return fmt.Errorf("%.40q is no price", v)
	}
	return nil
}
