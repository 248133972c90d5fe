// Package notice reads the yearly notice of holidays and make-up workdays
// from a small CSV file, and names each fault by line and column (ORG-03).
//
// It decides nothing: domain/policy adds the days to a calendar. The form is
// told in docs/policies.md.
package notice

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

// Notice is a year's days and where they are decreed.
type Notice struct {
	Year   int
	Source string // the sources of the rows, each once
	Days   []calendar.NoticeDay
}

// Fault is what is wrong at a place of the file. Line and column count from 1,
// columns in bytes.
type Fault struct {
	Line, Column int
	Text         string
}

// Error tells place and fault.
func (f Fault) Error() string {
	return fmt.Sprintf("line %d column %d: %s", f.Line, f.Column, f.Text)
}

var header = []string{"date", "kind", "name", "source"}

// Kinds of a day.
const (
	holiday = "holiday"
	workday = "workday"
)

// Read reads a notice. The error joins a Fault for each thing that is wrong,
// in file order.
func Read(text []byte) (Notice, error) {
	r := &reader{csv: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))), seen: map[domain.Day]bool{}}
	r.csv.FieldsPerRecord = -1
	r.header()
	for len(r.faults) == 0 || !r.lost {
		row, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if r.broken(err) {
			break
		}
		r.row(row)
	}
	r.years()
	if len(r.faults) > 0 {
		return Notice{}, errors.Join(r.faults...)
	}
	r.out.Source = strings.Join(r.sources, "; ")
	return r.out, nil
}

type reader struct {
	csv     *csv.Reader
	out     Notice
	sources []string
	seen    map[domain.Day]bool
	places  [][2]int // of the date of each day
	faults  []error
	lost    bool // the file cannot be read on
}

func (r *reader) fault(line, column int, format string, args ...any) {
	r.faults = append(r.faults, Fault{line, column, fmt.Sprintf(format, args...)})
}

func (r *reader) at(field int, format string, args ...any) {
	line, column := r.csv.FieldPos(field)
	r.fault(line, column, format, args...)
}

// broken notes that the file is not CSV from here on.
func (r *reader) broken(err error) bool {
	if err == nil {
		return false
	}
	r.lost = true
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		r.fault(parse.Line, parse.Column, "%s", parse.Err)
		return true
	}
	r.fault(1, 1, "%s", err)
	return true
}

func (r *reader) header() {
	row, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		r.lost = true
		r.fault(1, 1, "the file is empty; its first line is %s", strings.Join(header, ","))
		return
	}
	if r.broken(err) {
		return
	}
	if !slices.Equal(row, header) {
		r.lost = true
		r.fault(1, 1, "the first line must be %s", strings.Join(header, ","))
	}
}

func (r *reader) row(row []string) {
	if len(row) != len(header) {
		r.at(0, "%d fields, not %d", len(row), len(header))
		return
	}
	day := calendar.NoticeDay{Date: domain.Day(row[0]), Work: row[1] == workday, Name: strings.TrimSpace(row[2])}
	source := strings.TrimSpace(row[3])
	if _, err := time.Parse(time.DateOnly, row[0]); err != nil {
		r.at(0, "%q is not a date of the form 2026-12-31", row[0])
	} else if r.seen[day.Date] {
		r.at(0, "%s is named a second time", day.Date)
	}
	if row[1] != holiday && row[1] != workday {
		r.at(1, "%q is not %s or %s", row[1], holiday, workday)
	}
	if day.Name == "" {
		r.at(2, "the name of the holiday is missing")
	}
	if source == "" {
		r.at(3, "the source is missing")
	}
	if !slices.Contains(r.sources, source) {
		r.sources = append(r.sources, source)
	}
	line, column := r.csv.FieldPos(0)
	r.seen[day.Date] = true
	r.out.Days, r.places = append(r.out.Days, day), append(r.places, [2]int{line, column})
}

// years finds the year of the notice: that of its last day. The days about New
// Year may lie in the December before.
func (r *reader) years() {
	if len(r.faults) > 0 {
		return
	}
	if len(r.out.Days) == 0 {
		r.fault(2, 1, "the file names no day")
		return
	}
	last := slices.MaxFunc(r.out.Days, func(a, b calendar.NoticeDay) int { return strings.Compare(string(a.Date), string(b.Date)) })
	end, _ := time.Parse(time.DateOnly, string(last.Date)) // it was read before
	r.out.Year = end.Year()
	for i, d := range r.out.Days {
		if string(d.Date) < fmt.Sprintf("%04d-12-01", end.Year()-1) {
			r.fault(r.places[i][0], r.places[i][1], "%s does not belong to the notice of %d", d.Date, end.Year())
		}
	}
}
