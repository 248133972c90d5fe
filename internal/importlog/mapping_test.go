package importlog_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

func smallMapping(t *testing.T) []byte {
	t.Helper()
	file, err := os.ReadFile("testdata/small.yaml")
	require.NoError(t, err)
	return file
}

func TestAMappingsFaultsAreNamedWithLineAndColumn(t *testing.T) {
	t.Parallel()
	good := string(smallMapping(t))
	for _, c := range []struct{ name, old, replacement, want string }{
		{"unknown key", "default_kind: fault", "default_kind: fault\nkind: x", "line 28 column 1: kind: unknown key"},
		{"unknown key within", "code: hq,", "code: hq, town: x,", "line 3 column 18: site.town: unknown key"},
		{"missing key", "default_kind: fault\n", "", "line 1 column 1: default_kind: missing"},
		{"repeated key", "levels: {high: 1, low: 4}", "levels: {high: 1, high: 4}", "line 24 column 19: levels.high: given twice"},
		{"other version", "version: 1", "version: 2", `line 1 column 10: version: "2" is not one of 1`},
		{"empty value", "source: desk", `source: ""`, "line 2 column 9: source: must not be empty"},
		{"no single value", "source: desk", "source: [desk]", "line 2 column 9: source: must be a single value"},
		{"alias", "source: desk", "source: &a desk\nsite: *a", "line 3 column 7: site: must be a mapping"},
		{"site code", "code: hq", "code: h/q", "line 3 column 14: site.code"},
		{"site zone", "zone: Europe/Berlin}", "zone: Mars}", "line 3 column 44: site.zone"},
		{"machine's zone", "zone: Europe/Berlin}", "zone: Local}", "line 3 column 44: site.zone"},
		{"format", "type: csv", "type: xml", "line 4 column 16: format.type"},
		{"delimiter", `";"`, `"::"`, "line 4 column 32: format.delimiter"},
		{"row key is no list", "row_key: [seq]", "row_key: seq", "line 8 column 12: columns.row_key: must be a list"},
		{"row key without parts", "row_key: [seq]", "row_key: []", "line 8 column 12: columns.row_key: must name at least one column"},
		{"layout without minutes", `"2006-01-02 15:04"`, `"2006-01-02"`, "line 18 column 42: times.layouts[1]"},
		{"layout with letters", `"2006-01-02 15:04"`, `"2006-01-02 15:04 MST"`, "line 18 column 42: times.layouts[1]"},
		{"layout without zone", "  zone: Europe/Berlin\nstatuses", "statuses", "line 18 column 12: times: layout"},
		{"status", "status: accepted", "status: busy", "line 21 column 18: statuses.open.status"},
		{"pause reason", "pause: parts", "pause: lunch", "line 22 column 36: statuses.waiting.pause"},
		{"pause missing", ", pause: parts", "", "line 22 column 12: statuses.waiting: pause must be given"},
		{"pause of no pause", "status: resolved", "status: resolved, pause: parts", "line 23 column 9: statuses.done: pause must be given"},
		{"level", "low: 4", "low: 5", "line 24 column 24: levels.low"},
		{"channel", "tel: phone", "tel: pigeon", "line 26 column 17: channels.tel"},
		{"quote of xes", `{type: csv, delimiter: ";"}`, `{type: xes, quote: "'"}`, "line 4 column 9: format: delimiter and quote are for csv only"},
		{"event number of csv", "row_key: [seq]", `row_key: ["#"]`, `line 8 column 13: columns.row_key: "#" is for xes only`},
		{"status without columns", "status: state", "status: []", "line 10 column 11: columns.status: must name at least one column"},
		{"carry", "default_kind: fault", "default_kind: fault\ncarry: [level, mood]", `line 28 column 16: carry[1]: "mood" is not one of`},
		{"older rows", "default_kind: fault", "default_kind: fault\nolder_rows: drop", "line 28 column 13: older_rows"},
		{"no YAML", "version: 1", "version: [", "line "},
		{"two documents", "default_kind: fault", "default_kind: fault\n---\nx: 1", "a second document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(good, c.old, c.replacement, 1)
			require.NotEqual(t, good, broken)
			_, err := importlog.ParseMapping([]byte(broken))
			var faults *importlog.MappingError
			require.ErrorAs(t, err, &faults)
			require.Contains(t, err.Error(), c.want)
		})
	}
}

func TestAMappingsPolicyIsCheckedWhereItStands(t *testing.T) {
	t.Parallel()
	good := string(importlog.SampleMapping())
	for _, c := range []struct{ name, old, replacement, want string }{
		{"date", "2016-01-01", "2016-13-01", "policy.effective_from"},
		{"hours", `mon: [["08:00", "18:00"]]`, `mon: [["08:00", "25:00"]]`, "calendar.time_malformed"},
		{"hours of another form", `mon: [["08:00", "18:00"]]`, `mon: all`, "policy.calendar.week.mon: must be a list"},
		{"hours without an end", `mon: [["08:00", "18:00"]]`, `mon: [["08:00"]]`, "policy.calendar.week.mon[0]: must be a pair"},
		{"day", "days: {}", "days: {2016-02-30: []}", "calendar.date_malformed"},
		{"weekday", "mon: [[", "monday: [[", "policy.calendar.week.monday: unknown key"},
		{"limit", "limit: 15m", "limit: soon", "policy.targets[0].limit"},
		{"target twice", "{level: 2, name: first_contact", "{level: 1, name: first_contact", "policy.targets[1]: a second target"},
		{"target", "{level: 2, name: first_contact", "{level: 2, name: lunch", "policy.targets: policy.target_unknown"},
		{"clock", "clock: working, limit: 15m", "clock: sand, limit: 15m", "policy.targets[0].clock"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(good, c.old, c.replacement, 1)
			require.NotEqual(t, good, broken)
			before, _, _ := strings.Cut(good, c.old)
			at := strings.Count(before, "\n") + 1
			_, err := importlog.ParseMapping([]byte(broken))
			var faults *importlog.MappingError
			require.ErrorAs(t, err, &faults)
			require.Contains(t, err.Error(), c.want)
			require.Equal(t, at, faults.Faults[0].Line)
			require.Positive(t, faults.Faults[0].Column)
		})
	}
}

func TestAllFaultsOfAMappingComeInOneErrorInFileOrder(t *testing.T) {
	t.Parallel()
	broken := strings.NewReplacer("version: 1", "version: 3", "low: 4", "low: 9", "type: csv", "type: csx").
		Replace(string(smallMapping(t)))
	_, err := importlog.ParseMapping([]byte(broken))
	var faults *importlog.MappingError
	require.ErrorAs(t, err, &faults)
	var lines []int
	for _, f := range faults.Faults {
		lines = append(lines, f.Line)
	}
	require.Equal(t, []int{1, 4, 24}, lines)
}

func TestTheLongFormOfAPolicyIsCheckedWhereItStands(t *testing.T) {
	t.Parallel()
	good := string(testdata(t, "workorders_zh.yaml"))
	for _, c := range []struct{ name, old, replacement, want string }{
		{"kind", "kind: sla", "kind: pay", "policies[1].kind"},
		{"date", "effective_from: 2026-01-01\n", "effective_from: soon\n", "policies[0].effective_from"},
		{"hours", `fri: [["09:00", "18:00"]]`, `fri: [["09:00", "25:00"]]`, "policies[0].content: calendar."},
		{"unknown member", "days: {2026-02-05: []}", "day: {2026-02-05: []}", "policies[0].content: policy.member_unknown"},
		{"calendar of an SLA", "      targets:", "      calendar: x\n      targets:", "policies[1].content: calendar must not be given"},
		{"limit", "limit_s: 900}", "limit_s: 0}", "policies[1].content: policy.limit_out_of_range"},
		{"alias", "days: {2026-02-05: []}", "days: *x", ""},
		{"both forms", "default_kind: fault", "default_kind: fault\npolicy: {effective_from: 2026-01-01, reason: x, calendar: {week: {}}, targets: []}", "only one of them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(good, c.old, c.replacement, 1)
			require.NotEqual(t, good, broken)
			_, err := importlog.ParseMapping([]byte(broken))
			var faults *importlog.MappingError
			require.ErrorAs(t, err, &faults)
			require.Contains(t, err.Error(), c.want)
			require.Positive(t, faults.Faults[0].Line)
		})
	}
}
