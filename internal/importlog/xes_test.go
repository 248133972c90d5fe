package importlog_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return file
}

func packed(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(plain)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestAnXESLogIsImportedPlainAndPacked(t *testing.T) {
	t.Parallel()
	plain := testdata(t, "repair.xes")
	for name, file := range map[string][]byte{
		"plain": plain, "gzip": packed(t, plain), "byte-order mark": append([]byte("\xef\xbb\xbf"), plain...),
		"CRLF": bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			report := d.imports(t, file, testdata(t, "repair.yaml"))
			require.Equal(t, 12, report.Rows)
			require.Equal(t, 11, report.Imported, report.RefusedRows)
			require.Equal(t, 1, report.Silent, "an activity that changes nothing")
			require.Equal(t, 3, report.Tickets)
			require.Equal(t, []string{
				"ticket.registered", "ticket.assigned", "ticket.accepted", "ticket.judged", "ticket.assigned", "ticket.arrived",
				"ticket.paused", "ticket.resumed", "ticket.resolved", "ticket.judged", "ticket.closed",
			}, d.types(t, "R-1"))
			all := d.text(t)
			require.Contains(t, all, `ticket.paused.v1 {"at":"2026-02-02T02:00:00.000Z"`, "an offset makes an instant")
			require.Contains(t, all, `"name":"East"`)
			require.NotContains(t, all, "Zhao", "a customer's name must be sealed")
			require.Zero(t, d.imports(t, file, testdata(t, "repair.yaml")).Events, "importing twice adds nothing")
		})
	}
}

// text is every event of the installation.
func (d *desk) text(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, events := range d.history(t) {
		all.WriteString(strings.Join(events, "\n") + "\n")
	}
	return all.String()
}

func TestAnXESLogThatIsNoneIsUnreadableFromTheNamedLineOn(t *testing.T) {
	t.Parallel()
	good := string(testdata(t, "repair.xes"))
	deep := strings.Repeat(`<string key="a" value="b">`, 70) + strings.Repeat("</string>", 70)
	for _, c := range []struct{ name, old, replacement, want string }{
		{"tag without end", "</trace>\n</log>", "</log>", "unreadable from line 94 on"},
		{"cut off", "</log>", "", "unreadable from line 96 on: unexpected EOF"},
		{"no markup", `<string key="severity" value="high"/>`, `<string key="severity" value="high"`, "unreadable from line 18 on"},
		{"entity of no name", "workshop &amp; field", "workshop &nothing; field", "unreadable from line 14 on"},
		{
			"entity from outside", "<log ", "<!DOCTYPE log [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<log ",
			"unreadable from line 3 on: a document type is not read",
		},
		{"too deep", `<string key="severity" value="high"/>`, deep, "unreadable from line 17 on: more than 64 elements"},
		{"too long", "Ms Zhao", strings.Repeat("x", 2<<20), "a tag or text of more than 1048576 bytes"},
		{"another root", `<log xes.version="1.0"`, `<lag xes.version="1.0"`, "it is no XES log: its root is <lag>"},
		{"a second root", "</log>", "</log><trace/>", "<trace> is out of place"},
		{"another encoding", `encoding="UTF-8"`, `encoding="UTF-16"`, "only UTF-8 is read"},
		{"not UTF-8", "Ms Zhao", "Ms \xff", "unreadable from line 18 on: invalid UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(good, c.old, c.replacement, 1)
			require.NotEqual(t, good, broken)
			d := newDesk(t)
			_, err := importlog.Run(t.Context(), d.options(t, []byte(broken), testdata(t, "repair.yaml")))
			require.ErrorContains(t, err, c.want)
			require.Empty(t, d.history(t), "nothing is imported")
		})
	}
	for _, empty := range []string{"", "<?xml version=\"1.0\"?>\n"} {
		_, err := importlog.Run(t.Context(), newDesk(t).options(t, []byte(empty), testdata(t, "repair.yaml")))
		require.ErrorContains(t, err, "it holds no XES log")
	}
	_, err := importlog.Run(t.Context(), newDesk(t).options(t, packed(t, []byte(good))[:300], testdata(t, "repair.yaml")))
	require.ErrorContains(t, err, "unexpected EOF")
}

func TestAnXESEventThatContradictsItselfCostsThatEventOnly(t *testing.T) {
	t.Parallel()
	const event = `<event><string key="concept:name" value="%s"/><date key="time:timestamp" value="%s"/>%s</event>`
	one := func(name, at, more string) string { return fmt.Sprintf(event, name, at, more) }
	good := one("Report", "2026-02-02T09:00:00Z", "")
	done := one("Done", "2026-02-02T11:00:00Z", "")
	many := strings.Repeat(`<int key="n" value="1"/>`, 1100)
	mapping := []byte(strings.NewReplacer("  Report+complete:", "  Done: {status: resolved}\n  Report:").
		Replace(string(testdata(t, "repair.yaml"))))
	for _, c := range []struct {
		name, event string
		reason      importlog.Reason
	}{
		{"no name", `<event><date key="time:timestamp" value="2026-02-02T10:00:00Z"/></event>`, importlog.UnknownStatus},
		{"no time", `<event><string key="concept:name" value="Report"/></event>`, importlog.MissingTime},
		{"no such time", one("Report", "2026-02-30T10:00:00Z", ""), importlog.BadTime},
		{"unknown activity", one("Dance", "2026-02-02T10:00:00Z", ""), importlog.UnknownStatus},
		{"older", one("Report", "2026-02-02T08:00:00Z", ""), importlog.OlderRow},
		{"attribute twice", one("Report", "2026-02-02T10:00:00Z", `<string key="org:group" value="a"/><string key="org:group" value="b"/>`), importlog.UnreadableRow},
		{"attribute without key", one("Report", "2026-02-02T10:00:00Z", `<string value="b"/>`), importlog.UnreadableRow},
		{"too many attributes", one("Report", "2026-02-02T10:00:00Z", many), importlog.UnreadableRow},
		{"too many attributes within", one("Report", "2026-02-02T10:00:00Z", `<list key="x"><values>`+many+`</values></list>`), importlog.UnreadableRow},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := `<log><global scope="event"><string key="org:group" value=""/><string key="org:resource" value=""/>` +
				`<string key="lifecycle:transition" value=""/></global>` +
				`<global scope="trace"><string key="severity" value=""/><string key="client" value=""/></global>` +
				"\n<trace>" + good + "\n" + c.event + "\n" + done + `<string key="concept:name" value="A"/></trace></log>`
			d := newDesk(t)
			report := d.imports(t, []byte(file), mapping)
			require.Equal(t, map[importlog.Reason]int{c.reason: 1}, report.Refused, report.RefusedRows)
			require.Equal(t, 3, report.RefusedRows[0].Line)
			require.Equal(t, 2, report.Imported)
			require.Contains(t, d.types(t, "A"), "ticket.resolved", "attributes of a trace may follow its events")
		})
	}
}

func TestAnXESEventOutsideATraceIsRefused(t *testing.T) {
	t.Parallel()
	file := bytes.Replace(testdata(t, "repair.xes"), []byte("</log>"),
		[]byte(`<event><string key="concept:name" value="Report"/></event></log>`), 1)
	report := newDesk(t).imports(t, file, testdata(t, "repair.yaml"))
	require.Equal(t, 13, report.Rows)
	require.Equal(t, map[importlog.Reason]int{importlog.UnreadableRow: 1}, report.Refused)
}

func TestAMappedAttributeThatAnXESLogNeverHasIsAFaultOfTheMapping(t *testing.T) {
	t.Parallel()
	mapping := strings.NewReplacer("trace:severity", "trace:prio", "org:group", "org:grupo").Replace(string(testdata(t, "repair.yaml")))
	d := newDesk(t)
	_, err := importlog.Run(t.Context(), d.options(t, testdata(t, "repair.xes"), []byte(mapping)))
	var faults *importlog.MappingError
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults.Faults, 2)
	require.Equal(t, importlog.MappingFault{Line: 13, Column: 10, Path: "columns.level", Text: `no trace of the log has the attribute "prio"`}, faults.Faults[0])
	require.Equal(t, importlog.MappingFault{Line: 14, Column: 9, Path: "columns.team", Text: `no event of the log has the attribute "org:grupo"`}, faults.Faults[1])
	require.Empty(t, d.history(t))
}
