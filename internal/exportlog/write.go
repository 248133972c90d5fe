package exportlog

import (
	"bufio"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// writer writes rows in one format.
type writer interface {
	// ticket writes the rows of one ticket, at least one.
	ticket(rows []row) error
	// end writes what follows the last ticket.
	end() error
}

func newWriter(format string, out io.Writer, columns []column) (writer, error) {
	switch format {
	case CSV:
		return newCSV(out, columns)
	case XES:
		return newXES(out, columns)
	}
	return nil, fmt.Errorf("format %q is neither %s nor %s", format, CSV, XES)
}

type csvWriter struct{ w *csv.Writer }

func newCSV(out io.Writer, columns []column) (*csvWriter, error) {
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.csv
	}
	w := &csvWriter{csv.NewWriter(out)}
	return w, w.w.Write(header)
}

// lines are kept out of CSV: a row is a line.
var lines = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

func (w *csvWriter) ticket(rows []row) error {
	for _, r := range rows {
		for i := range r {
			r[i] = lines.Replace(r[i])
		}
		if err := w.w.Write(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *csvWriter) end() error {
	w.w.Flush()
	return w.w.Error()
}

const xesHead = `<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000Z"/>
    <string key="lifecycle:transition" value="complete"/>
  </global>
  <classifier name="Activity" keys="concept:name lifecycle:transition"/>
`

// xesWriter writes a trace a ticket. Values that are empty are left out.
// Errors of bufio stay until Flush tells them.
type xesWriter struct {
	w       *bufio.Writer
	columns []column
}

func newXES(out io.Writer, columns []column) (*xesWriter, error) {
	w := &xesWriter{bufio.NewWriterSize(out, 1<<16), columns}
	_, err := w.w.WriteString(xesHead)
	return w, err
}

func (w *xesWriter) ticket(rows []row) error {
	w.text("  <trace>\n")
	w.attributes("    ", rows[0], true)
	for _, r := range rows {
		w.text("    <event>\n")
		w.attributes("      ", r, false)
		w.text("      <string key=\"lifecycle:transition\" value=\"complete\"/>\n    </event>\n")
	}
	_, err := w.w.WriteString("  </trace>\n")
	return err
}

func (w *xesWriter) attributes(indent string, r row, ofTrace bool) {
	for i, c := range w.columns {
		if c.trace != ofTrace || r[i] == "" {
			continue
		}
		w.text(indent + "<" + c.typ + ` key="` + c.xes + `" value="`)
		_ = xml.EscapeText(w.w, []byte(r[i])) // kept by bufio
		w.text("\"/>\n")
	}
}

func (w *xesWriter) text(s string) { _, _ = w.w.WriteString(s) } // kept by bufio

func (w *xesWriter) end() error {
	w.text("</log>\n")
	return w.w.Flush()
}
