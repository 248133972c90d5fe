package importlog

import (
	"errors"
	"io"
	"time"
)

// ReadAll reads and maps every row of a log and returns how many there are.
func ReadAll(file io.ReadSeeker, m *Mapping) (int, error) {
	l, err := openLog(file, m)
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		raw, err := l.next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		l.read(raw)
	}
}

// Rows reads the rows of a CSV file one by one; the first is its header.
func Rows(file io.Reader, comma, quote byte) func() (line int, fields []string, fault string, err error) {
	c := newCSVReader(file, comma, quote)
	return func() (int, []string, string, error) {
		row, err := c.next()
		if err == nil && row.fault == "" && c.want == 0 {
			c.want = len(row.fields)
		}
		return row.line, row.fields, row.fault, err
	}
}

// TimeReader returns how a mapping with one layout and a zone reads times.
func TimeReader(layout, zone string) (func(string) (time.Time, error), error) {
	if err := checkLayout(layout); err != nil {
		return nil, err
	}
	t := &Times{layouts: []string{layout}}
	if zone != "" || !hasOffset(layout) {
		if err := t.setZone(zone); err != nil {
			return nil, err
		}
	}
	return t.parse, nil
}
