package importlog

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What an XES log may hold. Beyond that it is refused: a log is read with
// bounded memory, whatever it says.
const (
	mostXMLToken   = 1 << 20  // bytes of a tag or text
	mostXMLDepth   = 64       // elements within each other
	mostAttributes = 1_000    // of an event or trace, nested ones included
	mostEvents     = 200_000  // of a trace
	mostTraceBytes = 64 << 20 // of the mapped values of a trace
)

const (
	tracePrefix = "trace:" // a mapped column that is an attribute of the trace
	eventNumber = "#"      // the number of the event within its trace, from 1
)

// openXES starts to read an XES log. What columns it has is known at its end.
func (l *source) openXES(plain io.Reader) {
	x := newXESReader(plain)
	l.rows = x
	l.bind(func(c Column, _ string) int { return x.want(c.Name) })
}

// complete says which mapped attributes a log that was read to its end never
// had. A CSV log has a header and is checked by that.
func (l *source) complete() error {
	x, ok := l.rows.(*xesReader)
	if !ok {
		return nil
	}
	var faults nodes
	l.bind(func(c Column, key string) int {
		i := x.want(c.Name)
		if !x.seen[i] {
			faults.fault(c.position, "columns."+key, "no %s of the log has the attribute %q", x.placeOf(c.Name), strings.TrimPrefix(c.Name, tracePrefix))
		}
		return i
	})
	return faults.err()
}

// xesReader reads the events of an XES log (IEEE 1849), trace after trace.
// One trace is in memory. Document types, and so entities of any kind, are
// refused; nothing outside the file is ever read.
type xesReader struct {
	in      *xmlInput
	d       *xml.Decoder
	depth   int
	started bool
	at      int // line of the last token

	events map[string]int // attribute -> field
	traces map[string]int
	number int // field of eventNumber, -1 for none
	seen   []bool

	queue []rawRow // of one trace
	from  int      // of queue
	kept  int      // bytes of the trace's values
}

func newXESReader(r io.Reader) *xesReader {
	in := &xmlInput{r: bufio.NewReaderSize(r, 1<<16)}
	x := &xesReader{in: in, d: xml.NewDecoder(in), at: 1, events: map[string]int{}, traces: map[string]int{}, number: -1}
	x.d.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") {
			return input, nil
		}
		return nil, fmt.Errorf("encoding %.40q; only UTF-8 is read", label)
	}
	return x
}

// want returns the field of a mapped column.
func (x *xesReader) want(name string) int {
	of, key := x.events, name
	if rest, ok := strings.CutPrefix(name, tracePrefix); ok {
		of, key = x.traces, rest
	}
	i, ok := of[key]
	if ok {
		return i
	}
	i = len(x.seen)
	of[key] = i
	x.seen = append(x.seen, name == eventNumber)
	if name == eventNumber {
		x.number = i
	}
	return i
}

func (x *xesReader) placeOf(name string) string {
	if strings.HasPrefix(name, tracePrefix) {
		return "trace"
	}
	return "event"
}

func (x *xesReader) line() int { return x.at }

// next returns the next event; io.EOF after the last.
func (x *xesReader) next() (rawRow, error) {
	for x.from == len(x.queue) {
		if err := x.fill(); err != nil {
			return rawRow{}, err
		}
	}
	x.from++
	return x.queue[x.from-1], nil
}

// token returns the next token and keeps the limits.
func (x *xesReader) token() (xml.Token, error) {
	x.at, _ = x.d.InputPos()
	x.in.left = mostXMLToken
	t, err := x.d.Token()
	if err == nil {
		switch t.(type) {
		case xml.StartElement:
			x.depth++
			if x.depth > mostXMLDepth {
				err = fmt.Errorf("more than %d elements within each other", mostXMLDepth)
			}
		case xml.EndElement:
			x.depth--
		case xml.Directive:
			err = errors.New("a document type is not read")
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		return t, err
	}
	line := x.at
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		line = syntax.Line
		err = errors.New(syntax.Msg)
	}
	return nil, fmt.Errorf("unreadable from line %d on: %w", line, err)
}

// fill reads up to the end of the next trace, or of the log.
func (x *xesReader) fill() error {
	x.queue, x.from, x.kept = x.queue[:0], 0, 0
	for {
		t, err := x.token()
		if err != nil {
			return x.ended(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := start.Name.Local; {
		case !x.started && name != "log":
			return fmt.Errorf("unreadable from line %d on: it is no XES log: its root is <%.40s>", x.at, name)
		case !x.started:
			x.started = true
		case x.depth != 2: // a second root
			return fmt.Errorf("unreadable from line %d on: <%.40s> is out of place", x.at, name)
		case name == "trace":
			return x.trace()
		case name == "event":
			x.queue = append(x.queue, rawRow{line: x.at, fault: "event outside a trace"})
			return x.skip()
		case name == "global":
			if err := x.global(start); err != nil {
				return err
			}
		default:
			if err := x.skip(); err != nil {
				return err
			}
		}
	}
}

// ended tells the end of a log from a file that holds none.
func (x *xesReader) ended(err error) error {
	if errors.Is(err, io.EOF) && !x.started {
		return errors.New("it holds no XES log")
	}
	return err
}

// skip reads to the end of the element whose start was read.
func (x *xesReader) skip() error {
	for end := x.depth - 1; x.depth > end; {
		if _, err := x.token(); err != nil {
			return err
		}
	}
	return nil
}

// global notes the attributes that a log declares for every event or trace.
// The values given there are examples, not values of the events.
func (x *xesReader) global(start xml.StartElement) error {
	of := x.events
	if attribute(start, "scope") == "trace" {
		of = x.traces
	}
	_, err := x.attributes(func(key, _ string) string {
		if i, ok := of[key]; ok {
			x.seen[i] = true
		}
		return ""
	}, nil)
	return err
}

// trace reads a trace; its events go into the queue.
func (x *xesReader) trace() error {
	shared := make([]string, len(x.seen))
	given := make([]bool, len(x.seen))
	line := x.at
	fault, err := x.attributes(x.keep(x.traces, shared, given), func() error {
		if len(x.queue) == mostEvents {
			return fmt.Errorf("unreadable from line %d on: a trace of more than %d events", x.at, mostEvents)
		}
		return x.event(len(x.queue) + 1)
	})
	if err != nil {
		return err
	}
	if fault != "" && len(x.queue) == 0 {
		x.queue = append(x.queue, rawRow{line: line})
	}
	for i := range x.queue {
		r := &x.queue[i]
		if fault != "" && r.fault == "" {
			r.fault = "trace: " + fault
		}
		for _, column := range x.traces {
			if r.fields != nil {
				r.fields[column] = shared[column]
			}
		}
	}
	return nil
}

// event reads an event into the queue.
func (x *xesReader) event(n int) error {
	r := rawRow{line: x.at, fields: make([]string, len(x.seen))}
	given := make([]bool, len(x.seen))
	fault, err := x.attributes(x.keep(x.events, r.fields, given), nil)
	if err != nil {
		return err
	}
	if x.number >= 0 {
		r.fields[x.number] = strconv.Itoa(n)
	}
	r.fault = fault
	x.queue = append(x.queue, r)
	return nil
}

// keep returns a function that puts the mapped ones of the attributes of an
// event or trace into fields, and says what is wrong with one, "" for nothing.
func (x *xesReader) keep(of map[string]int, fields []string, given []bool) func(key, value string) string {
	return func(key, value string) string {
		i, ok := of[key]
		switch {
		case !ok:
			return ""
		case given[i]:
			return fmt.Sprintf("attribute %.60q is given twice", key)
		}
		given[i], x.seen[i] = true, true
		fields[i] = value
		x.kept += len(value)
		return ""
	}
}

// attributes reads the children of the element whose start was read, up to
// its end: take gets each attribute, event is called at each event if there
// may be any. What attributes hold within themselves is passed over. fault
// says what is wrong with them, once.
func (x *xesReader) attributes(take func(key, value string) string, event func() error) (fault string, err error) {
	count := 0
	found := func(text string) {
		if fault == "" {
			fault = text
		}
	}
	for own := x.depth; x.depth >= own; {
		t, err := x.token()
		if err != nil {
			return "", err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if event != nil && x.depth == own+1 && start.Name.Local == "event" {
			if err := event(); err != nil {
				return "", err
			}
			continue
		}
		if count++; count > mostAttributes {
			found(fmt.Sprintf("more than %d attributes", mostAttributes))
			continue
		}
		if x.depth == own+1 && isAttribute(start.Name.Local) {
			found(x.attribute(start, take))
		}
		if x.kept > mostTraceBytes {
			return "", fmt.Errorf("unreadable from line %d on: a trace of more than %d bytes", x.at, mostTraceBytes)
		}
	}
	return fault, nil
}

func (x *xesReader) attribute(start xml.StartElement, take func(key, value string) string) string {
	key := attribute(start, "key")
	if key == "" {
		return "attribute without key"
	}
	return take(key, attribute(start, "value"))
}

// attribute returns what an element's start says under a name.
func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// isAttribute reports whether an element is an attribute of XES. Others are
// passed over: newer versions may have more.
func isAttribute(name string) bool {
	switch name {
	case "string", "date", "int", "float", "boolean", "id", "list", "container":
		return true
	}
	return false
}

// xmlInput gives the decoder its bytes and refuses a token that is too long.
type xmlInput struct {
	r    *bufio.Reader
	left int // bytes that the token may still take
}

// ReadByte returns the next byte.
func (in *xmlInput) ReadByte() (byte, error) {
	if in.left == 0 {
		return 0, fmt.Errorf("a tag or text of more than %d bytes", mostXMLToken)
	}
	in.left--
	return in.r.ReadByte()
}

// Read is there for encoding/xml, which uses ReadByte.
func (in *xmlInput) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
