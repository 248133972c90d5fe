// Package payrollfile reads and writes the CSV files that payroll exchanges
// with us: wages in, deductions and refunds out (docs/payroll.md).
//
// A file of wages is taken whole or not at all: every fault is told with its
// line and nothing of the file is used. It decides nothing about deductions
// (LOS-08). Amounts are whole fen; there are no decimals and no thousands
// separators, so that no spreadsheet can change one unseen.
package payrollfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
)

// wageHeader is the first line of a file of wages.
var wageHeader = []string{"person_key", "month", "wage_fen"}

// lineHeader is the first line of a file of deductions.
var lineHeader = []string{"person_key", "month", "kind", "amount_fen", "loss_number", "posted_at", "event_id"}

// Limits of a file of wages.
const (
	MostRows = 100_000
	mostKey  = 64
)

// ReadWages reads a file of wages. The error joins every fault of the file,
// each with its line; then there are no wages.
func ReadWages(r io.Reader) ([]commands.Wage, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = len(wageHeader)
	first, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the first line: %w", err)
	}
	first[0] = strings.TrimPrefix(first[0], "\ufeff") // as spreadsheets write it
	if !slices.Equal(first, wageHeader) {
		return nil, fmt.Errorf("the first line is not %s", strings.Join(wageHeader, ","))
	}
	var out []commands.Wage
	var faults []error
	seen := map[string]int{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(faults, fmt.Errorf("read wages: %w", err))...)
		}
		line, _ := in.FieldPos(0)
		w, err := wage(row)
		if before, twice := seen[row[0]+"\x00"+row[1]]; err == nil && twice {
			err = fmt.Errorf("the same person and month as line %d", before)
		}
		seen[row[0]+"\x00"+row[1]] = line
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", line, err))
		}
		if out = append(out, w); len(out) > MostRows {
			return nil, fmt.Errorf("more than %d rows", MostRows)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return out, nil
}

func wage(row []string) (commands.Wage, error) {
	w := commands.Wage{Key: row[0], Month: deduction.Month(row[1])}
	if row[0] == "" || utf8.RuneCountInString(row[0]) > mostKey || !utf8.ValidString(row[0]) {
		return w, fmt.Errorf("person_key has 1 to %d characters", mostKey)
	}
	if !domain.IsMonth(row[1]) {
		return w, errors.New("month is not of the form 2006-01")
	}
	fen, err := strconv.ParseInt(row[2], 10, 64)
	if err != nil || fen < 0 || fen > deduction.MostFen || strconv.FormatInt(fen, 10) != row[2] {
		return w, errors.New("wage_fen is no whole number of fen")
	}
	w.WageFen = fen
	return w, nil
}

// Line is one line for payroll: to be deducted, or with a minus to be paid out.
type Line struct {
	Key        string // of the person
	Month      string
	Kind       string // deduction, correction or refund
	AmountFen  int64
	LossNumber string
	PostedAt   domain.Instant
	Event      string // id of the event that says so
}

// WriteLines writes a file of deductions and refunds.
func WriteLines(w io.Writer, lines []Line) error {
	out := csv.NewWriter(w)
	rows := [][]string{lineHeader}
	for _, l := range lines {
		rows = append(rows, []string{
			l.Key, l.Month, l.Kind, strconv.FormatInt(l.AmountFen, 10), l.LossNumber, l.PostedAt.UTC().Format("2006-01-02T15:04:05.000Z"), l.Event,
		})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write deductions: %w", err)
	}
	return nil
}
