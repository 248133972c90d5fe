// Package ledgerfile reads the CSV file of a ledger that finance or supply
// keeps, and writes what differs from ours (docs/ledgers-kept-twice.md).
//
// A ledger is taken whole or not at all: every fault is told with its line and
// column, and nothing of the file is used. It compares nothing and settles
// nothing (CHK-04). Amounts are whole fen; there are no decimals and no
// thousands separators, so that no spreadsheet can change one unseen.
package ledgerfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/internal/csvfile"
)

// itemHeader is the first line of a file of differences.
var itemHeader = []string{"kind", "number", "tool", "ours_fen", "theirs_fen", "settled_at", "settled_by", "how"}

// Limits of a ledger.
const (
	MostRows   = 100_000
	mostNumber = 64
	mostFen    = 100_000_000_000 // as the API takes them
)

var ledger = csvfile.Format[ledgercheck.Entry]{Header: []string{"number", "price_fen"}, Key: 1, MostRows: MostRows, Row: entry}

// ReadEntries reads a ledger. The error joins every fault of the file, each
// with its line and column; then there are no entries.
func ReadEntries(r io.Reader) ([]ledgercheck.Entry, error) { return ledger.Read(r) }

// entry reads a row and returns what is wrong with it, column by column.
func entry(row []string) (ledgercheck.Entry, []error) {
	var wrong []error
	if fault := number(row[0]); fault != "" {
		wrong = append(wrong, errors.New("number: "+fault))
	}
	fen, err := csvfile.Fen(row[1], mostFen)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("price_fen: %w", err))
	}
	return ledgercheck.Entry{Number: row[0], PriceFen: fen}, wrong
}

// number says what is wrong with a number; "" for nothing.
func number(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "is not UTF-8"
	case s == "" || utf8.RuneCountInString(s) > mostNumber:
		return fmt.Sprintf("has 1 to %d characters", mostNumber)
	case strings.TrimSpace(s) != s:
		return "has a space before or after it"
	case strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }):
		return "has a character that nobody sees"
	}
	return ""
}

// Item is a difference, and how it was settled.
type Item struct {
	ledgercheck.Item
	SettledAt *domain.Instant // nil while it is open
	SettledBy string          // person id
	How       string
}

// WriteItems writes a file of differences. What a ledger does not have stays empty.
func WriteItems(w io.Writer, items []Item) error {
	out := csv.NewWriter(w)
	rows := [][]string{itemHeader}
	for _, i := range items {
		row := []string{string(i.Kind), i.Number, "", strconv.FormatInt(i.OursFen, 10), strconv.FormatInt(i.TheirsFen, 10), "", i.SettledBy, i.How}
		switch i.Kind {
		case ledgercheck.OnlyTheirs:
			row[3] = ""
		case ledgercheck.OnlyOurs:
			row[2], row[4] = i.Tool.String(), ""
		case ledgercheck.Price:
			row[2] = i.Tool.String()
		}
		if i.SettledAt != nil {
			row[5] = i.SettledAt.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		rows = append(rows, row)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	return nil
}
