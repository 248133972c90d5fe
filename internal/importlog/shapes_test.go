package importlog_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

func TestALogWithChineseHeadersSemicolonsAndSingleQuotes(t *testing.T) {
	t.Parallel()
	file, mapping := testdata(t, "workorders_zh.csv"), testdata(t, "workorders_zh.yaml")
	require.True(t, bytes.HasPrefix(file, []byte("\xef\xbb\xbf")))
	require.Contains(t, string(file), ";\r\n")
	d := newDesk(t)
	report := d.imports(t, file, mapping)
	require.Equal(t, 10, report.Imported, report.RefusedRows)
	require.Empty(t, report.Unmapped)
	all := d.text(t)
	require.Contains(t, all, `"number":"WX-002"`)
	require.Contains(t, all, `"at":"2026-02-02T01:00:00.000Z"`)
	require.Contains(t, all, `"sla_met":true,"reassignments":1`, "the source's claim")
	require.NotContains(t, all, "钱先生")
}

func TestEveryDelimiterAndQuoteReadsTheSameLog(t *testing.T) {
	t.Parallel()
	const file = "case no;seq;at;state;prio;group\n" +
		"A;1;2026-01-05T09:00:00+01:00;open;high;\"North; 1st \"\"floor\"\"\"\nA;2;2026-01-05T10:00:00+01:00;done;high;'x'\n"
	base := `
version: 1
source: desk
site: {code: hq, name: Headquarters, zone: Europe/Berlin}
format: {type: csv, delimiter: ";", quote: "\""}
columns: {ticket: case no, row_key: [seq], row_time: at, status: state, level: prio, team: group}
times: {layouts: ["2006-01-02T15:04:05Z07:00"]}
statuses: {open: {status: accepted}, done: {status: resolved}}
levels: {high: 1}
default_level: 2
default_kind: fault
`
	swap := func(from, to string) func(string) string {
		return func(s string) string { return strings.NewReplacer(from, to, to, from).Replace(s) }
	}
	want := newDesk(t)
	want.imports(t, []byte(file), []byte(base))
	require.Contains(t, want.text(t), `"name":"North; 1st \"floor\""`)
	for name, c := range map[string]struct {
		change  func(string) string
		mapping string
	}{
		"tab":          {swap(";", "\t"), strings.Replace(base, `";"`, `"\t"`, 1)},
		"comma":        {swap(";", ","), strings.Replace(base, `";"`, `","`, 1)},
		"bar":          {swap(";", "|"), strings.Replace(base, `";"`, `"|"`, 1)},
		"single quote": {swap(`"`, "'"), strings.Replace(base, `"\""`, `"'"`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			report := d.imports(t, []byte(c.change(file)), []byte(c.mapping))
			require.Equal(t, 2, report.Imported, report.RefusedRows)
			require.Equal(t, want.types(t, "A"), d.types(t, "A"))
		})
	}
	_, err := importlog.ParseMapping([]byte(strings.Replace(base, `"\""`, `"x"`, 1)))
	require.ErrorContains(t, err, "line 5 column 44: format.quote")
}

func TestWhatTheSourceSaysOfReassignmentsIsAWholeNumberOrLeftOut(t *testing.T) {
	t.Parallel()
	mapping := bytes.Replace(smallMapping(t), []byte("source_resolved_time: done"), []byte("source_reassignments: done"), 1)
	for text, want := range map[string]string{"0": `"reassignments":0`, "12": `"reassignments":12`, "-1": "", "2.5": "", "many": ""} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			report := d.imports(t, logOf("A;1;2026-01-05 09:00;open;high;g;w;c;tel;7", "A;2;2026-01-05 10:00;done;high;g;w;c;tel;"+text), mapping)
			require.Equal(t, 2, report.Imported)
			if want == "" {
				require.Equal(t, map[string]int{"reassignments " + text: 1}, report.Unmapped)
				require.NotContains(t, d.text(t), "reassignments")
				return
			}
			require.Empty(t, report.Unmapped)
			require.Contains(t, d.text(t), want)
			require.NotContains(t, d.text(t), `"reassignments":7`, "the last row counts")
		})
	}
}

func TestARowKeepsFromTheRowBeforeWhatTheMappingLetsIt(t *testing.T) {
	t.Parallel()
	rows := logOf("A;1;2026-01-05 09:00;open;high;g;w;c;tel;-", "A;2;2026-01-05 09:30;note;-;-;-;c;tel;-", "A;3;2026-01-05 10:00;waiting;-;-;-;c;tel;-")
	note := []byte("  note: {status: unchanged}\nlevels")
	without := bytes.Replace(smallMapping(t), []byte("levels"), note, 1)
	d := newDesk(t)
	d.imports(t, rows, without)
	require.Equal(t, []string{"ticket.registered", "ticket.assigned", "ticket.accepted", "ticket.judged", "ticket.level_changed", "ticket.assigned", "ticket.paused"}, d.types(t, "A"))

	with := append(bytes.Clone(without), "carry: [level, team, technician]\n"...)
	d = newDesk(t)
	report := d.imports(t, rows, with)
	require.Equal(t, 1, report.Silent)
	require.Equal(t, []string{"ticket.registered", "ticket.assigned", "ticket.accepted", "ticket.judged", "ticket.paused"}, d.types(t, "A"))
}

func TestAMappingMayTakeTheOrderOfTheFileForTheOrderOfThings(t *testing.T) {
	t.Parallel()
	rows := logOf("A;1;2026-01-05 09:00;open;high;g;w;c;tel;-", "A;2;2026-01-05 08:30;waiting;high;g;w;c;tel;-", "A;3;2026-01-05 10:00;done;high;g;w;c;tel;-")
	report := newDesk(t).imports(t, rows, smallMapping(t))
	require.Equal(t, map[importlog.Reason]int{importlog.OlderRow: 1}, report.Refused)
	report = newDesk(t).imports(t, rows, append(smallMapping(t), "older_rows: keep\n"...))
	require.Empty(t, report.Refused)
	require.Equal(t, 3, report.Imported)
}

func TestSeveralLogsAreSeveralSitesOfOneInstallation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	north := smallMapping(t)
	south := []byte(strings.NewReplacer("source: desk", "source: phone-desk", "code: hq, name: Headquarters", "code: south, name: South").Replace(string(north)))
	first := logOf("A;1;2026-01-05 09:00;open;high;g;w;c;tel;-", "A;2;2026-01-05 10:00;done;high;g;w;c;tel;-")
	second := logOf("A;1;2026-01-06 09:00;open;low;g;w;c;tel;-", "A;2;2026-01-06 10:00;waiting;low;g;w;c;tel;-")
	d.imports(t, first, north)
	before := d.history(t)
	report := d.imports(t, second, south)
	require.Equal(t, 2, report.Imported)
	require.Zero(t, report.Known, "the keys of another site are none of ours")

	after := d.history(t)
	for stream, events := range before {
		require.Equal(t, events, after[stream], "what the first import brought in is untouched")
	}
	count := map[string]int{}
	for stream, events := range after {
		category, _, _ := strings.Cut(strings.TrimPrefix(stream, "fl."), "-")
		count[category]++
		if category == "ticket" {
			text := strings.Join(events, "\n")
			require.NotEqual(t, strings.Contains(text, `"site":"hq"`), strings.Contains(text, `"site":"south"`), "one site a ticket")
		}
	}
	require.Equal(t, 2, count["ticket"])
	require.Equal(t, 2, count["team"], "the same name is another team at another site")
	require.Equal(t, 2, count["person"])
	require.Equal(t, 2, count["site"])
	require.Zero(t, d.imports(t, first, north).Events)
	require.Zero(t, d.imports(t, second, south).Events)
}
