package importlog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// source reads the rows of a source by a mapping.
type source struct {
	rows rowReader
	at   indexes
	m    *Mapping
}

// indexes says where in a row each column stands; -1 for none.
type indexes struct {
	ticket, rowTime, opened, created, level, team, technician, customer,
	kind, problem, channel, resolved, slaMet, reassignments int
	status    []int
	rowKey    []int
	ticketKey bool // the ticket's key is a part of the row's key
}

// openLog reads a file from its start up to the header and finds the
// columns in it. A column that is not there is a *MappingError.
func openLog(file io.ReadSeeker, m *Mapping) (*source, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind log: %w", err)
	}
	plain, err := unpacked(file)
	if err != nil {
		return nil, err
	}
	l := &source{m: m}
	if m.Format == formatXES {
		l.openXES(plain)
		return l, nil
	}
	return l, l.openCSV(plain)
}

// openCSV reads the header.
func (l *source) openCSV(plain io.Reader) error {
	c := newCSVReader(plain, l.m.Delimiter, l.m.Quote)
	header, err := c.next()
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("read log: it has no header")
	case err != nil:
		return fmt.Errorf("read log: %w", err)
	case header.fault != "":
		return fmt.Errorf("read header of log: %s", header.fault)
	}
	c.want, l.rows = len(header.fields), c
	return l.bindHeader(header.fields)
}

// unpacked recognizes gzip by its first bytes and drops a byte-order mark.
func unpacked(file io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(file, 1<<16)
	magic, err := r.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read log: %w", err)
	}
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("unpack log: %w", err)
		}
		r = bufio.NewReaderSize(z, 1<<16)
	}
	mark, err := r.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read log: %w", err)
	}
	if bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := r.Discard(len(mark)); err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
	}
	return r, nil
}

// next returns the next row; io.EOF after the last.
func (l *source) next() (rawRow, error) {
	row, err := l.rows.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return row, fmt.Errorf("read log after line %d: %w", l.rows.line(), err)
	}
	return row, err
}

// bindHeader finds the mapped columns in the header.
func (l *source) bindHeader(header []string) error {
	positions := make(map[string]int, len(header))
	twice := map[string]bool{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		_, there := positions[name]
		twice[name] = there
		positions[name] = i
	}
	var faults nodes
	l.bind(func(c Column, key string) int {
		i, ok := positions[c.Name]
		switch {
		case !ok:
			faults.fault(c.position, "columns."+key, "the log has no column %q", c.Name)
		case twice[c.Name]:
			faults.fault(c.position, "columns."+key, "the log has column %q twice", c.Name)
		}
		return i
	})
	return faults.err()
}

// bind asks for each mapped column where it stands in a row.
func (l *source) bind(index func(c Column, key string) int) {
	c := &l.m.Columns
	found := map[string]int{}
	for _, named := range c.named() {
		found[named.key] = -1
		if named.column.Name != "" {
			found[named.key] = index(*named.column, named.key)
		}
	}
	l.at = indexes{
		ticket: found["ticket"], rowTime: found["row_time"],
		opened: found["opened_time"], created: found["created_time"], level: found["level"],
		team: found["team"], technician: found["technician"], customer: found["customer"],
		kind: found["kind"], problem: found["problem"], channel: found["channel"],
		resolved: found["source_resolved_time"], slaMet: found["source_sla_met"],
		reassignments: found["source_reassignments"],
	}
	for _, part := range c.Status {
		l.at.status = append(l.at.status, index(part, "status"))
	}
	for _, part := range c.RowKey {
		l.at.rowKey = append(l.at.rowKey, index(part, "row_key"))
		l.at.ticketKey = l.at.ticketKey || part.Name == c.Ticket.Name
	}
}

// status returns what the status columns of a row say, joined by "+"; a part
// that is not given is left out.
func (l *source) status(fields []string) string {
	if len(l.at.status) == 1 {
		return l.raw(fields, l.at.status[0])
	}
	var parts []string
	for _, column := range l.at.status {
		if part := l.value(fields, column); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "+")
}

// value returns a column of a row, trimmed; "" where it is missing.
func (l *source) value(fields []string, column int) string {
	raw := l.raw(fields, column)
	if l.m.Missing[raw] {
		return ""
	}
	return raw
}

// raw returns a column of a row as the log has it, trimmed.
func (l *source) raw(fields []string, column int) string {
	if column < 0 {
		return ""
	}
	return strings.TrimSpace(fields[column])
}
