package readside

import (
	"context"
	"time"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// pageByTime reads a page of a query whose order is one column of time, and
// shows each row; at is what that column has of a row. api.ErrBadCursor for a
// place that is none of such a list.
func pageByTime[R, T any](ctx context.Context, v view, reader *readmodel.Reader[R], q readmodel.ListQuery, p api.Page,
	at func(R) time.Time, show func(readmodel.Versioned[R]) T,
) ([]T, string, error) {
	out := []T{}
	start, err := afterTime(p.After)
	if err != nil {
		return out, "", err
	}
	q.After, q.Limit, q.AsOf = start, p.Limit+1, v.number
	rows, err := reader.List(ctx, v.q, v.schema, q)
	if err != nil {
		return out, "", err
	}
	next := ""
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		last := rows[p.Limit-1]
		next = place(timeText(at(last.Row)), last.ID.String())
	}
	for _, row := range rows {
		out = append(out, show(row))
	}
	return out, next, nil
}

// afterTime reads where a page in the order of a time begins.
func afterTime(text string) ([]any, error) {
	parts, err := after(text, 2)
	if err != nil || parts == nil {
		return nil, err
	}
	at, ok := parts[0].(string)
	if !ok {
		return nil, api.ErrBadCursor
	}
	instant, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return nil, api.ErrBadCursor
	}
	return []any{instant, parts[1]}, nil
}
