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
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
)

// entryHeader is the first line of a ledger.
var entryHeader = []string{"number", "price_fen"}

// itemHeader is the first line of a file of differences.
var itemHeader = []string{"kind", "number", "tool", "ours_fen", "theirs_fen", "settled_at", "settled_by", "how"}

// Limits of a ledger.
const (
	MostRows   = 100_000
	mostNumber = 64
	mostFen    = 100_000_000_000 // as the API takes them
)

// ReadEntries reads a ledger. The error joins every fault of the file, each
// with its line and column; then there are no entries. A file that is no CSV
// from some line on is told up to there.
func ReadEntries(r io.Reader) ([]ledgercheck.Entry, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1 // told with the other faults
	first, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the first line: %w", err)
	}
	first[0] = strings.TrimPrefix(first[0], "\ufeff") // as spreadsheets write it
	if !slices.Equal(first, entryHeader) {
		return nil, fmt.Errorf("the first line is not %s", strings.Join(entryHeader, ","))
	}
	out := []ledgercheck.Entry{}
	var faults []error
	seen := map[string]int{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(faults, fmt.Errorf("read ledger: %w", err))...)
		}
		line, _ := in.FieldPos(0)
		e, wrong := entry(row)
		if before, twice := seen[row[0]]; twice && len(wrong) == 0 {
			wrong = append(wrong, fmt.Errorf("number: the same as in line %d", before))
		}
		seen[row[0]] = line
		for _, w := range wrong {
			faults = append(faults, fmt.Errorf("line %d, %w", line, w))
		}
		if out = append(out, e); len(out) > MostRows {
			return nil, fmt.Errorf("more than %d rows", MostRows)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return out, nil
}

// entry reads a row and returns what is wrong with it, column by column.
func entry(row []string) (ledgercheck.Entry, []error) {
	if len(row) != len(entryHeader) {
		return ledgercheck.Entry{}, []error{fmt.Errorf("column %d: the row has %d columns, not %d", min(len(row), len(entryHeader))+1, len(row), len(entryHeader))}
	}
	var wrong []error
	if fault := number(row[0]); fault != "" {
		wrong = append(wrong, errors.New("number: "+fault))
	}
	fen, err := strconv.ParseInt(row[1], 10, 64)
	if err != nil || fen < 0 || fen > mostFen || strconv.FormatInt(fen, 10) != row[1] {
		wrong = append(wrong, errors.New("price_fen: is no whole number of fen"))
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
