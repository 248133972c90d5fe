package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/fieldledger/fieldledger/commands"
)

const defaultLimit = 50

// moment reads as_of and waits for min_position.
func (s *Server) moment(ctx context.Context, asOf, minPosition *string) (AsOf, error) {
	if minPosition != nil {
		if err := s.wait(ctx, *minPosition); err != nil {
			return AsOf{}, err
		}
	}
	if asOf == nil {
		return AsOf{}, nil
	}
	return parseAsOf(*asOf)
}

// parseAsOf reads a log number or a time with its offset.
func parseAsOf(s string) (AsOf, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && strconv.FormatInt(n, 10) == s {
		return AsOf{Number: &n}, nil
	}
	t, err := readTime(s)
	if err != nil {
		return AsOf{}, badParameter("as_of", "param.as_of")
	}
	return AsOf{Time: &t}, nil
}

func (s *Server) wait(ctx context.Context, token string) error {
	var p position
	if !s.signer.verify("position", token, &p) {
		return badParameter("min_position", "param.min_position")
	}
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	err := s.Progress.Wait(ctx, p.Stream, p.Revision)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("wait for %s@%d: %w", p.Stream, p.Revision, ErrBeyond)
	}
	return err
}

// listing is one request for a page.
type listing struct {
	at   AsOf
	page Page
	key  string
}

// listing reads what all lists take. A cursor carries its own moment.
func (s *Server) listing(ctx context.Context, asOf, minPosition, token *string, limit *int) (listing, error) {
	x := exchangeOf(ctx)
	l := listing{page: Page{Limit: defaultLimit}, key: listKey(x.op.ID, x.path, x.query)}
	if limit != nil {
		l.page.Limit = *limit
	}
	var err error
	if l.at, err = s.moment(ctx, asOf, minPosition); err != nil || token == nil {
		return l, err
	}
	var c cursor
	if !s.signer.verify("cursor", *token, &c) || c.List != l.key || c.Caller != x.caller() {
		return l, badParameter("cursor", "param.cursor")
	}
	l.at, l.page.After = AsOf{Number: &c.Number}, c.After
	return l, nil
}

// next returns the cursor of the page after one that ended at after; nil for the last.
func (s *Server) next(ctx context.Context, l listing, after string, seen Snapshot) *string {
	if after == "" {
		return nil
	}
	t := s.signer.sign("cursor", cursor{List: l.key, Caller: exchangeOf(ctx).caller(), Number: seen.Number, After: after})
	return &t
}

// see guards a site: one that the caller may not see does not exist.
func (s *Server) see(ctx context.Context, site string) error {
	x := exchangeOf(ctx)
	if _, ok := s.Authorizer.Authorize(x.actor, x.sites, x.op.ID, site); !ok {
		return commands.ErrNotFound
	}
	return nil
}

// scope returns the sites of a list: the one that is asked for, or all of the caller's.
func (s *Server) scope(ctx context.Context, site *string) ([]string, error) {
	if site == nil {
		return exchangeOf(ctx).sites, nil
	}
	return []string{*site}, s.see(ctx, *site)
}

// slice cuts a page out of rows that are all at hand; After is the count before it.
func slice[T any](rows []T, p Page) (page []T, after string, err error) {
	from := 0
	if p.After != "" {
		if from, err = strconv.Atoi(p.After); err != nil || from < 0 || from > len(rows) {
			return nil, "", ErrBadCursor
		}
	}
	to := min(from+p.Limit, len(rows))
	if to < len(rows) {
		after = strconv.Itoa(to)
	}
	return append([]T{}, rows[from:to]...), after, nil
}
