package commands

import (
	"context"
	"errors"
	"fmt"
)

// errAfresh says that an answer without an append was about to be given by
// what this process remembers. Another process may have changed that since;
// an append would have met the revision, an answer without one meets nothing.
var errAfresh = errors.New("to be decided again on what the store has now")

type afreshKey struct{}

// afresh has everything that is loaded under a context read on to what the
// store has now, whoever appended it: the stream that is decided and every
// other one that its command looks at.
func afresh(ctx context.Context) context.Context { return context.WithValue(ctx, afreshKey{}, true) }

func isAfresh(ctx context.Context) bool { return ctx.Value(afreshKey{}) != nil }

// currentFold takes a stream as this process remembers it, or reads it. Under
// afresh what is remembered counts only if the store has nothing after it.
func currentFold[S, C, E any](ctx context.Context, x *Executor, d Decider[S, C, E], stream string) (folded[S], error) {
	key := cacheKey(d.Name, stream)
	if v, ok := x.cache.Get(key); ok {
		f := v.(folded[S])
		if !isAfresh(ctx) {
			return f, nil
		}
		since, err := x.store.ReadStream(ctx, stream, uint64(f.revision)+1) //nolint:gosec // what does not exist is not remembered
		switch {
		case err != nil && !errors.Is(err, ErrStreamNotFound):
			return f, fmt.Errorf("read stream %s: %w", stream, err)
		case len(since) == 0:
			return f, nil
		}
	}
	f, err := load(ctx, x.store, d, stream)
	if err == nil && f.revision != NoStream && !d.Raw {
		x.cache.Add(key, f)
	}
	return f, err
}
