// Package csvfile reads the CSV files that others give us: payroll's wages,
// the ledgers of finance and supply.
//
// A file is taken whole or not at all: every fault is told with its line and
// column, and nothing of the file is used. It does not know what the columns
// mean, and it guesses nothing: no other order, separator or encoding.
package csvfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Format says how a file looks whose rows are read into T.
type Format[T any] struct {
	Header   []string // the first line, in this order
	Key      int      // of so many columns, from the first on, no two rows have the same
	MostRows int
	// Row reads a row, which has all columns. Each of its faults begins with the name of the column.
	Row func(row []string) (T, []error)
}

// Read reads a file; UTF-8, with a byte order mark or without. The error joins
// every fault of it, each with its line; then there are no rows. A file that is
// no CSV from some line on is told up to there.
func (f Format[T]) Read(r io.Reader) ([]T, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1 // told with the other faults
	first, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the first line: %w", err)
	}
	first[0] = strings.TrimPrefix(first[0], "\ufeff") // as spreadsheets write it
	if !slices.Equal(first, f.Header) {
		return nil, fmt.Errorf("the first line is not %s", strings.Join(f.Header, ","))
	}
	out, seen := []T{}, map[string]int{}
	var faults []error
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(faults, fmt.Errorf("read rows: %w", err))...)
		}
		line, _ := in.FieldPos(0)
		one, wrong := f.row(row, line, seen)
		for _, w := range wrong {
			faults = append(faults, fmt.Errorf("line %d, %w", line, w))
		}
		if out = append(out, one); len(out) > f.MostRows {
			return nil, fmt.Errorf("more than %d rows", f.MostRows)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return out, nil
}

// row reads one row; seen are the lines of the keys before it.
func (f Format[T]) row(row []string, line int, seen map[string]int) (T, []error) {
	if n := len(f.Header); len(row) != n {
		var none T
		return none, []error{fmt.Errorf("column %d: the row has %d columns, not %d", min(len(row), n)+1, len(row), n)}
	}
	one, wrong := f.Row(row)
	key := strings.Join(row[:f.Key], "\x00")
	if before, twice := seen[key]; twice && len(wrong) == 0 {
		wrong = append(wrong, fmt.Errorf("%s: the same as in line %d", strings.Join(f.Header[:f.Key], ","), before))
	}
	seen[key] = line
	return one, wrong
}

// Fen reads an amount in whole fen, from 0 to most; no sign, point, separator or leading zeros.
func Fen(s string, most int64) (int64, error) {
	fen, err := strconv.ParseInt(s, 10, 64)
	if err != nil || fen < 0 || fen > most || strconv.FormatInt(fen, 10) != s {
		return 0, errors.New("is no whole number of fen")
	}
	return fen, nil
}
