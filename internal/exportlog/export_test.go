package exportlog

import "io"

// WriteRow writes a log of one row that has some values.
func WriteRow(out io.Writer, format, ticket, activity, note string) error {
	all := columns()
	w, err := newWriter(format, out, all)
	if err != nil {
		return err
	}
	r := make(row, len(all))
	r[colTicket], r[colActivity], r[colNote] = ticket, activity, note
	if err := w.ticket([]row{r}); err != nil {
		return err
	}
	return w.end()
}
