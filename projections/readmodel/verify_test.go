package readmodel_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func verifyOptions(w *world) readmodel.VerifyOptions {
	return readmodel.VerifyOptions{Pages: w.reader(nil)}
}

func TestVerifyNamesTableAndKeyOfWhatWasDoneByHand(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, readmodel.MarkEvery+200, 8)
	w := newWorld(t, l)
	w.project(nil)
	w.verified()
	const versionKey = "site || '/' || id || '@' || from_number"
	const cellKey = "concat_ws('/', site, grain, period, dim, value, mark)"
	const stretchKey = `site || '/' || id || ' from ' || to_char(valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '@' || from_number`
	for _, c := range []struct{ name, projection, table, key, change string }{
		{"change a current row", "jobs", "job", versionKey, "UPDATE $t SET hours = hours + 1"},
		{"change json of a current row", "jobs", "job", versionKey, `UPDATE $t SET extra = extra || '{"z": 1}'`},
		{"null a column of a current row", "jobs", "job", versionKey, "UPDATE $t SET seen_at = NULL"},
		{"move a current row to another site", "jobs", "job", "'xx/' || id || '@' || from_number", "UPDATE $t SET site = 'xx'"},
		{"delete a current row", "jobs", "job", versionKey, "DELETE FROM $t"},
		{"add a current row", "jobs", "job", versionKey, ""},
		{"change a closed version", "jobs", "job_history", versionKey, "UPDATE $t SET level = 9"},
		{"end a closed version sooner", "jobs", "job_history", versionKey, "UPDATE $t SET to_number = to_number - 1"},
		{"end a closed version later", "jobs", "job_history", versionKey, "UPDATE $t SET to_number = to_number + 1"},
		{"change the span of a closed version", "jobs", "job_history", versionKey, "UPDATE $t SET span = span + 1"},
		{"delete a closed version", "jobs", "job_history", versionKey, "DELETE FROM $t"},
		{"add a closed version", "jobs", "job_history", versionKey, ""},
		{"change a fact", "jobs", "job_fact", "number || '.' || ordinal", "UPDATE $t SET cases = cases + 1"},
		{"delete a fact", "jobs", "job_fact", "number || '.' || ordinal", "DELETE FROM $t"},
		{"add a fact", "jobs", "job_fact", "number || '.' || ordinal", ""},
		{"change a cell", "jobs", "job_cell", cellKey, "UPDATE $t SET running = running + 1"},
		{"delete a cell", "jobs", "job_cell", cellKey, "DELETE FROM $t"},
		{"add a cell", "jobs", "job_cell", cellKey, ""},
		{"change a cell at a mark", "jobs", "job_cell_mark", cellKey, "UPDATE $t SET hours = 0"},
		{"delete a cell at a mark", "jobs", "job_cell_mark", cellKey, "DELETE FROM $t"},
		{"add a cell at a mark", "jobs", "job_cell_mark", cellKey, ""},
		{"give a stretch to another", "jobs", "job_stretch", stretchKey, "UPDATE $t SET holder = 'x'"},
		{"end a stretch sooner", "jobs", "job_stretch", stretchKey, "UPDATE $t SET valid_to = valid_to - interval '1 hour'"},
		{"know a stretch for longer", "jobs", "job_stretch", stretchKey, "UPDATE $t SET to_number = to_number + 1"},
		{"know a stretch for shorter", "jobs", "job_stretch", stretchKey, "UPDATE $t SET to_number = to_number - 1"},
		{"delete a stretch", "jobs", "job_stretch", stretchKey, "DELETE FROM $t"},
		{"add a stretch", "jobs", "job_stretch", stretchKey, ""},
		{"change a row of a log", "feed", "feed", "site || '/' || id || '@' || number", "UPDATE $t SET kind = 'x'"},
		{"delete a row of a log", "feed", "feed", "site || '/' || id || '@' || number", "DELETE FROM $t"},
		{"add a row of a log", "feed", "feed", "site || '/' || id || '@' || number", ""},
	} {
		w.tamper(c.name, c.projection, c.table, c.key, c.change)
	}
	w.verified()
}

// tamper changes one row, sees verify name it, and puts the table back.
func (w *world) tamper(name, projection, table, key, change string) {
	w.Helper()
	t := w.m.Schema(projection) + "." + table
	w.exec("CREATE TABLE public.kept AS SELECT * FROM " + t)
	where := ""
	switch table {
	case "job_cell":
		where = " WHERE running > 0"
	case "job_cell_mark":
		where = " WHERE hours > 0"
	case "job_history":
		where = " WHERE to_number > from_number + 1"
	}
	w.exec("CREATE TABLE public.one AS SELECT * FROM public.kept" + where + " ORDER BY random() LIMIT 1")
	named := w.text("SELECT " + key + " FROM public.one")[0]
	if change == "" {
		named = w.added(table, t, key)
	} else {
		verb := strings.ReplaceAll(change, "$t", t+" t")
		w.exec(verb + map[bool]string{true: " USING", false: " FROM"}[strings.HasPrefix(change, "DELETE")] +
			" (SELECT r::text AS row FROM public.one r) o WHERE t::text = o.row")
	}
	vs, err := w.m.Verify(w.context(), verifyOptions(w))
	require.NoError(w, err, name)
	found := false
	for _, v := range vs {
		require.Equal(w, v.Projection != projection, v.Equal, "%s: %s", name, v.Projection)
		for _, d := range v.Differences {
			found = found || d.Table == table && d.Key == named
		}
	}
	require.True(w, found, "%s: %s of %s is not named in %v", name, named, table, vs)
	w.exec("TRUNCATE " + t)
	w.exec("INSERT INTO " + t + " SELECT * FROM public.kept")
	w.exec("DROP TABLE public.kept")
	w.exec("DROP TABLE public.one")
}

// added puts a row into a table that nobody wrote, and returns its key.
func (w *world) added(table, t, key string) string {
	w.Helper()
	switch table {
	case "job", "feed":
		w.exec("UPDATE public.one SET id = gen_random_uuid()")
	case "job_history":
		w.exec("UPDATE public.one SET from_number = from_number + 1, to_number = to_number + 1")
	case "job_stretch":
		w.exec("UPDATE public.one SET valid_from = valid_from + interval '1 second'")
	case "job_fact":
		w.exec("UPDATE public.one SET ordinal = ordinal + 7")
	default:
		w.exec("UPDATE public.one SET value = 'nobody'")
	}
	w.exec("INSERT INTO " + t + " SELECT * FROM public.one")
	return w.text("SELECT " + key + " FROM public.one")[0]
}

func (w *world) exec(sql string) {
	w.Helper()
	_, err := w.pool.Exec(w.context(), sql)
	require.NoError(w, err, sql)
}

func TestVerifyWithoutTheLogNamesTheRangeOfIds(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 200, 9)
	w := newWorld(t, l)
	w.project(nil)
	w.exec("UPDATE " + w.m.Schema("jobs") + ".job SET level = level + 1")
	vs, err := w.m.Verify(w.context(), readmodel.VerifyOptions{Projections: []string{"jobs"}})
	require.NoError(t, err)
	require.False(t, vs[0].Equal)
	require.Contains(t, vs[0].Differences[0].Key, "ids that begin with")
}

func TestVerifyFindsAKeptDigestThatWasChanged(t *testing.T) {
	t.Parallel()
	l := newMemLog()
	fill(l, 200, 9)
	w := newWorld(t, l)
	w.project(nil)
	for _, sql := range []string{
		"UPDATE " + w.m.Schema("jobs") + ".digest_bucket SET count = count + 1",
		"UPDATE fieldledger.projection_mark SET count = count + 1 WHERE projection = 'feed'",
	} {
		w.exec(sql)
		vs, err := w.m.Verify(w.context(), verifyOptions(w))
		require.NoError(t, err)
		require.False(t, vs[0].Equal && vs[1].Equal)
	}
}
