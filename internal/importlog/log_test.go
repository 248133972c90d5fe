package importlog_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/importlog"
)

const header = "case;seq;at;state;prio;group;who;caller;via;done\n"

// logOf is a log for small.yaml.
func logOf(rows ...string) []byte { return []byte(header + strings.Join(rows, "\n") + "\n") }

func TestEveryRowThatContradictsItselfIsReportedForOneReason(t *testing.T) {
	t.Parallel()
	const good = "A;1;2026-01-05 09:00;open;high;g;w;c;tel;-"
	for _, c := range []struct {
		name   string
		row    string
		reason importlog.Reason
	}{
		{"too few fields", "A;2;2026-01-05 09:00;open", importlog.UnreadableRow},
		{"too many fields", "A;2;2026-01-05 09:00;open;high;g;w;c;tel;-;x", importlog.UnreadableRow},
		{"stray quote", `A;2;2026-01-05 09:00;open;high;g"g;w;c;tel;-`, importlog.UnreadableRow},
		{"text after quotes", `A;2;2026-01-05 09:00;open;high;"g"g;w;c;tel;-`, importlog.UnreadableRow},
		{"quote without end", `A;2;2026-01-05 09:00;open;high;"g;w;c;tel;-`, importlog.UnreadableRow},
		{"not UTF-8", "A;2;2026-01-05 09:00;open;high;g\xff;w;c;tel;-", importlog.UnreadableRow},
		{"no ticket", ";2;2026-01-05 09:00;open;high;g;w;c;tel;-", importlog.MissingKey},
		{"no row key", "A;-;2026-01-05 09:00;open;high;g;w;c;tel;-", importlog.MissingKey},
		{"no time", "A;2;-;open;high;g;w;c;tel;-", importlog.MissingTime},
		{"time of no layout", "A;2;5.1.2026 09:00;open;high;g;w;c;tel;-", importlog.BadTime},
		{"time that never was", "A;2;2026-03-29 02:30;open;high;g;w;c;tel;-", importlog.BadTime},
		{"time in the future", "A;2;2026-03-05 09:00;open;high;g;w;c;tel;-", importlog.BadTime},
		{"source's time of no layout", "A;2;2026-01-05 09:00;open;high;g;w;c;tel;soon", importlog.BadTime},
		{"unknown status", "A;2;2026-01-05 09:00;-100;high;g;w;c;tel;-", importlog.UnknownStatus},
		{"no status", "A;2;2026-01-05 09:00;;high;g;w;c;tel;-", importlog.UnknownStatus},
		{"unknown level", "A;2;2026-01-05 09:00;open;urgent;g;w;c;tel;-", importlog.UnknownLevel},
		{"repeated key", "A;1;2026-01-05 09:30;done;high;g;w;c;tel;-", importlog.RepeatedKey},
		{"older than the row before", "A;2;2026-01-05 08:59;done;high;g;w;c;tel;-", importlog.OlderRow},
		{"repeated and older", "A;1;2026-01-05 08:59;done;high;g;w;c;tel;-", importlog.RepeatedKey},
		{"wrong in three ways", "A;1;never;-100;urgent;g;w;c;tel;-", importlog.BadTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			report := d.imports(t, logOf(good, c.row, "A;3;2026-01-05 10:00;done;high;g;w;c;tel;-"), smallMapping(t))
			require.Equal(t, 3, report.Rows)
			require.Equal(t, 2, report.Imported)
			require.Equal(t, map[importlog.Reason]int{c.reason: 1}, report.Refused)
			require.Equal(t, 3, report.RefusedRows[0].Line)
			require.Equal(t, c.reason, report.RefusedRows[0].Reason)
			require.NotEmpty(t, report.RefusedRows[0].Detail)
			require.Contains(t, d.types(t, "A"), "ticket.resolved", "the rows around it are imported")
		})
	}
}

func TestAReportThatLosesARowDoesNotAddUp(t *testing.T) {
	t.Parallel()
	require.NoError(t, importlog.Report{Rows: 3, Imported: 1, Silent: 1, Known: 1}.Check())
	require.Error(t, importlog.Report{Rows: 4, Imported: 1, Silent: 1, Known: 1}.Check())
	require.Error(t, importlog.Report{Rows: 1, Refused: map[importlog.Reason]int{importlog.BadTime: 1}}.Check())
}

func TestOnlyTheFirstThousandRefusedRowsAreListed(t *testing.T) {
	t.Parallel()
	rows := make([]string, 1200)
	for i := range rows {
		rows[i] = "broken"
	}
	report := newDesk(t).imports(t, logOf(rows...), smallMapping(t))
	require.Len(t, report.RefusedRows, 1000)
	require.Equal(t, 200, report.MoreRefused)
	require.Equal(t, 1200, report.RefusedTotal())
}

func TestALogIsReadInEveryShape(t *testing.T) {
	t.Parallel()
	plain := logOf(
		`A;1;2026-01-05 09:00;open;high;"g;1 ""x""";w;c;tel;-`,
		"A;2;2026-01-05 10:00;waiting;high;\"two\nlines\";w;c;tel;-",
		"", "A;3;2026-01-05 11:00;done;-;g;w;c;fax;2026-01-05 11:00",
	)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(plain)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for name, file := range map[string][]byte{
		"plain":              plain,
		"gzip":               packed.Bytes(),
		"byte-order mark":    append([]byte("\xef\xbb\xbf"), plain...),
		"CRLF":               bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
		"no end of line":     bytes.TrimRight(plain, "\n"),
		"blanks in header":   bytes.Replace(plain, []byte("case;seq;"), []byte(" case ; seq;"), 1),
		"header with quotes": bytes.Replace(plain, []byte("case;seq;"), []byte(`"case";"seq";`), 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			report := d.imports(t, file, smallMapping(t))
			require.Equal(t, 3, report.Imported, report.RefusedRows)
			require.Equal(t, 3, report.Teams)
			require.Equal(t, map[string]int{"channel fax": 1}, report.Unmapped)
			require.Contains(t, d.types(t, "A"), "ticket.source_verdict_recorded")
		})
	}
}

func TestALogWithoutTheMappedColumnsIsRefusedBeforeTheFirstRow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := bytes.Replace(logOf("A;1;2026-01-05 09:00;open;high;g;w;c;tel;-"), []byte("seq;at;"), []byte("at;at;"), 1)
	_, err := importlog.Run(t.Context(), d.options(t, file, smallMapping(t)))
	var faults *importlog.MappingError
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults.Faults, 2)
	require.Equal(t, 8, faults.Faults[0].Line)
	require.Equal(t, 9, faults.Faults[1].Line)
	require.Empty(t, d.history(t))

	for _, file := range []string{"", "\n\n"} {
		_, err := importlog.Run(t.Context(), d.options(t, []byte(file), smallMapping(t)))
		require.ErrorContains(t, err, "no header")
	}
}

func TestAFileThatEndsTooSoonIsAnErrorAndNotAShortLog(t *testing.T) {
	t.Parallel()
	sample := importlog.Sample()
	d := newDesk(t)
	_, err := importlog.Run(t.Context(), d.options(t, sample[:len(sample)/2], importlog.SampleMapping()))
	require.ErrorContains(t, err, "unexpected EOF")
	require.Empty(t, d.history(t))
}

func TestATimeWithAnOffsetIsAnInstantAndOneWithoutIsLocal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t, logOf(
		"A;1;2025-01-05T09:00:00+08:00;open;high;g;w;c;tel;-",
		"A;2;2025-01-05 09:00;waiting;high;g;w;c;tel;-",
		"A;3;2025-07-05 09:00;open;high;g;w;c;tel;-",
		"A;4;2025-10-26 02:30;done;high;g;w;c;tel;-", // twice on that night: the first is meant
	), smallMapping(t))
	var all strings.Builder
	for stream, events := range d.history(t) {
		if strings.HasPrefix(stream, "fl.ticket-") {
			all.WriteString(strings.Join(events, "\n"))
		}
	}
	require.Contains(t, all.String(), `ticket.registered.v1 {"at":"2025-01-05T01:00:00.000Z"`)
	require.Contains(t, all.String(), `ticket.paused.v1 {"at":"2025-01-05T08:00:00.000Z"`)
	require.Contains(t, all.String(), `ticket.resumed.v1 {"at":"2025-07-05T07:00:00.000Z"`)
	require.Contains(t, all.String(), `ticket.resolved.v1 {"at":"2025-10-26T00:30:00.000Z"`)
}

func TestATicketWhoseRowsStandApartIsImportedWhole(t *testing.T) {
	t.Parallel()
	apart := logOf(
		"A;1;2026-01-05 09:00;open;high;g;w;c;tel;-",
		"B;1;2026-01-05 09:01;open;low;g;w;c;tel;-",
		"A;2;2026-01-05 09:02;open;high;g;w;c;tel;-", // changes nothing
		"B;1;2026-01-05 09:03;done;low;g;w;c;tel;-",  // repeats a key across the gap
		"A;3;2026-01-05 09:02;done;high;g;w;c;tel;-",
		"C;1;2026-01-05 09:05;open;low;g;w;c;tel;-",
		"B;2;2026-01-05 09:06;done;low;g;w;c;tel;-",
	)
	together := logOf(
		"A;1;2026-01-05 09:00;open;high;g;w;c;tel;-",
		"A;2;2026-01-05 09:02;open;high;g;w;c;tel;-",
		"A;3;2026-01-05 09:02;done;high;g;w;c;tel;-",
		"B;1;2026-01-05 09:01;open;low;g;w;c;tel;-",
		"B;1;2026-01-05 09:03;done;low;g;w;c;tel;-",
		"B;2;2026-01-05 09:06;done;low;g;w;c;tel;-",
		"C;1;2026-01-05 09:05;open;low;g;w;c;tel;-",
	)
	one, other := newDesk(t), newDesk(t)
	report := one.imports(t, apart, smallMapping(t))
	require.Equal(t, 3, report.Tickets)
	require.Equal(t, 1, report.Silent)
	require.Equal(t, map[importlog.Reason]int{importlog.RepeatedKey: 1}, report.Refused)
	other.imports(t, together, smallMapping(t))
	require.Equal(t, other.history(t), one.history(t))
	require.Zero(t, one.imports(t, apart, smallMapping(t)).Events, "importing twice adds nothing")
	require.Zero(t, one.imports(t, together, smallMapping(t)).Events)
}

func TestASiteKeepsThePoliciesItHas(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t, someLines(t, 20), importlog.SampleMapping())
	other := bytes.Replace(importlog.SampleMapping(), []byte("limit: 15m"), []byte("limit: 20m"), 1)
	d.imports(t, someLines(t, 30), other)
	versions, err := d.app.Policies.Versions(t.Context(), "servicenow")
	require.NoError(t, err)
	require.Len(t, versions, 2)
	require.Equal(t, policy.KindCalendar, versions[0].Version.Kind)
	require.Equal(t, policy.KindSLA, versions[1].Version.Kind)
	require.Contains(t, string(versions[1].Version.Content), `"limit_s":900`)
}

func TestOneWorkerKeepsTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.options(t, logOf(
		"B;1;2026-01-05 09:00;open;high;g;w;c;tel;-", "A;1;2026-01-05 08:00;open;high;g;w;c;tel;-",
		"D;1;2026-01-05 07:00;open;high;g;w;c;tel;-", "C;1;2026-01-05 06:00;open;high;g;w;c;tel;-",
	), smallMapping(t))
	o.Workers = 1
	var streams []string
	d.store.watch(func(stream string) error {
		if strings.HasPrefix(stream, "fl.ticket-") {
			streams = append(streams, stream)
		}
		return nil
	})
	_, err := importlog.Run(t.Context(), o)
	require.NoError(t, err)
	history := d.history(t)
	require.Len(t, streams, 4)
	for i, key := range []string{"B", "A", "D", "C"} {
		require.Contains(t, history[streams[i]][0], `"number":"`+key+`"`)
	}
}
