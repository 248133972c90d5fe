package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed web/print.html
var printHTML string

var printTemplate = template.Must(template.New("print").Parse(printHTML))

// printPolicy lets a printed page show its own styles, and nothing else.
const printPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// printed is a page to print: a ledger page or a form. It holds nothing but
// what was asked for and what was known as of its log number, so that it is
// the same bytes whenever it is asked as of that number.
type printed struct {
	Lang, Title string
	Wide        bool     // A4 landscape
	Lines       []string // below the title
	Facts       []printedFact
	Tables      []*printedTable
	After       []string // below the tables
	Signs       []string // lines for signatures
	Foot        string
}

// printedFact is a line with a name.
type printedFact struct{ Label, Text string }

// printedTable is a table with a head that each sheet repeats.
type printedTable struct {
	Title   string
	Columns []string
	Rows    [][]printedCell
}

// printedCell is a cell of a table.
type printedCell struct {
	Text   string
	Number bool
}

// html is the page as bytes; every text in it is escaped.
func (p printed) html() ([]byte, error) {
	var b bytes.Buffer
	if err := printTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("print %s: %w", p.Title, err)
	}
	return b.Bytes(), nil
}

// yuan writes an amount in fen as yuan with two digits.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }
