package importlog

import (
	"context"
	"errors"
	"io"
	"strings"
)

// survey is what must be known of a log before its first row is imported.
type survey struct {
	rows      int
	ofTicket  map[string]int  // rows by ticket
	scattered map[string]bool // tickets whose rows do not stand together
}

// surveyLog reads the whole log once. It fails as the import itself would:
// on a header without the mapped columns, or a file that cannot be read on.
func surveyLog(ctx context.Context, source io.ReadSeeker, m *Mapping) (survey, error) {
	s := survey{ofTicket: map[string]int{}, scattered: map[string]bool{}}
	l, err := openLog(source, m)
	if err != nil {
		return s, err
	}
	last := ""
	for ; ctx.Err() == nil; s.rows++ {
		row, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return s, l.complete()
		case err != nil:
			return s, err
		}
		key := l.ticketOf(row)
		if key == "" {
			continue
		}
		if key != last {
			last = strings.Clone(key) // lets go of the line it is a part of
			if s.ofTicket[last] > 0 {
				s.scattered[last] = true
			}
		}
		s.ofTicket[last]++
	}
	return s, ctx.Err()
}

// ticketOf returns the ticket that a row belongs to, "" if it does not say.
func (l *source) ticketOf(row rawRow) string {
	if row.fault != "" {
		return ""
	}
	return l.value(row.fields, l.at.ticket)
}
