package e2e_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/projections/readmodel"
)

func TestARowChangedByHandIsNamedByTableAndKey(t *testing.T) { //nolint:tparallel // the subtests work on one system, in order
	t.Parallel()
	d := newDesk(t)
	d.importLog(t, cut(t, 60), 4)
	require.Empty(t, d.verify(t), "green before")

	const cell = "grain = 'month' AND period = '2016-02-01' AND dim = 'level' AND value = '3'"
	for _, c := range []struct {
		table, change, back string
		key                 string // as the table itself tells it
	}{
		{
			"ticket",
			"UPDATE {ticket} SET status = 'on_site' WHERE external_key = 'INC0000057'",
			"UPDATE {ticket} SET status = 'signed_off' WHERE external_key = 'INC0000057'",
			"SELECT site || '/' || id || '@' || from_number FROM {ticket} WHERE external_key = 'INC0000057'",
		},
		{
			"ticket_history",
			"UPDATE {history} SET level = level + 1 WHERE (id, from_number) = (SELECT id, min(from_number) FROM {history} WHERE external_key = 'INC0000060' GROUP BY id)",
			"UPDATE {history} SET level = level - 1 WHERE (id, from_number) = (SELECT id, min(from_number) FROM {history} WHERE external_key = 'INC0000060' GROUP BY id)",
			"SELECT site || '/' || id || '@' || min(from_number) FROM {history} WHERE external_key = 'INC0000060' GROUP BY site, id",
		},
		{
			"ticket_fact",
			"UPDATE {fact} SET cases = cases + 1 WHERE (number, ordinal) = (SELECT number, ordinal FROM {fact} ORDER BY number, ordinal OFFSET 20 LIMIT 1)",
			"UPDATE {fact} SET cases = cases - 1 WHERE (number, ordinal) = (SELECT number, ordinal FROM {fact} ORDER BY number, ordinal OFFSET 20 LIMIT 1)",
			"SELECT number || '.' || ordinal FROM {fact} ORDER BY number, ordinal OFFSET 20 LIMIT 1",
		},
		{
			"ticket_cell",
			"UPDATE {cell} SET cases = cases + 1 WHERE " + cell,
			"UPDATE {cell} SET cases = cases - 1 WHERE " + cell,
			"SELECT concat_ws('/', site, grain, period, dim, value, mark) FROM {cell} WHERE " + cell,
		},
	} {
		t.Run(c.table, func(t *testing.T) {
			var key string
			require.NoError(t, d.pool.QueryRow(t.Context(), d.sql(c.key)).Scan(&key))
			d.byHand(t, c.change)
			found := d.verify(t)
			require.NotEmpty(t, found, "red")
			require.Contains(t, places(found), c.table+" "+key)
			d.byHand(t, c.back)
			require.Empty(t, d.verify(t), "green again")
		})
	}
}

// sql fills in the names of the tables of tickets.
func (r *readModels) sql(text string) string {
	schema := r.manager.Schema("ticket")
	name := func(table string) string { return pgx.Identifier{schema, table}.Sanitize() }
	return strings.NewReplacer("{ticket}", name("ticket"), "{history}", name("ticket_history"),
		"{fact}", name("ticket_fact"), "{cell}", name("ticket_cell")).Replace(text)
}

// byHand changes exactly one row.
func (r *readModels) byHand(t *testing.T, sql string) {
	t.Helper()
	tag, err := r.pool.Exec(t.Context(), r.sql(sql))
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected(), sql)
}

// places are table and key of what differs.
func places(found []readmodel.Difference) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Table+" "+f.Key)
	}
	return out
}
