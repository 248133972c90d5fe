// Package payrollfile reads and writes the CSV files that payroll exchanges
// with us: wages in, deductions and refunds out (docs/payroll.md).
//
// A file of wages is taken whole or not at all: every fault is told with its
// line and column, and nothing of the file is used. It decides nothing about deductions
// (LOS-08). Amounts are whole fen; there are no decimals and no thousands
// separators, so that no spreadsheet can change one unseen.
package payrollfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/internal/csvfile"
)

// lineHeader is the first line of a file of deductions.
var lineHeader = []string{"person_key", "month", "kind", "amount_fen", "loss_number", "posted_at", "event_id"}

// Limits of a file of wages.
const (
	MostRows = 100_000
	mostKey  = 64
)

var wages = csvfile.Format[commands.Wage]{Header: []string{"person_key", "month", "wage_fen"}, Key: 2, MostRows: MostRows, Row: wage}

// ReadWages reads a file of wages. The error joins every fault of the file,
// each with its line and column; then there are no wages.
func ReadWages(r io.Reader) ([]commands.Wage, error) { return wages.Read(r) }

// wage reads a row and returns what is wrong with it, column by column.
func wage(row []string) (commands.Wage, []error) {
	var wrong []error
	if row[0] == "" || utf8.RuneCountInString(row[0]) > mostKey || !utf8.ValidString(row[0]) {
		wrong = append(wrong, fmt.Errorf("person_key: has 1 to %d characters", mostKey))
	}
	if !domain.IsMonth(row[1]) {
		wrong = append(wrong, errors.New("month: is not of the form 2006-01"))
	}
	fen, err := csvfile.Fen(row[2], deduction.MostFen)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("wage_fen: %w", err))
	}
	return commands.Wage{Key: row[0], Month: deduction.Month(row[1]), WageFen: fen}, wrong
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
