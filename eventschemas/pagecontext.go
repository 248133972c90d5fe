package eventschemas

import (
	"context"
	"fmt"
)

type pageKey struct{}

type poisonKey struct{}

// WithPage returns a context that carries p from the reader to the projectors.
// The page is shared: whoever takes it out only reads it.
func WithPage(ctx context.Context, p Page) context.Context {
	return context.WithValue(ctx, pageKey{}, p)
}

// PageFrom returns the page that ctx carries; false if there is none.
func PageFrom(ctx context.Context) (Page, bool) {
	p, ok := ctx.Value(pageKey{}).(Page)
	return p, ok
}

// PoisonError says that the log cannot be read on past an event: its type is
// unknown, it does not decode, or its stream has a hole or a repeat before
// it. Nothing after it is projected; it is never skipped.
type PoisonError struct {
	Number   int64 // the log number it would have
	Stream   string
	Revision uint64
	Type     string
	Reason   string
}

// Error tells where and why.
func (e *PoisonError) Error() string {
	return fmt.Sprintf("event %d (%s, revision %d of %s) cannot be read: %s",
		e.Number, e.Type, e.Revision, e.Stream, e.Reason)
}

// WithPoison returns a context that tells the projectors to halt before an
// event. The page that travels with it, if any, is empty.
func WithPoison(ctx context.Context, e *PoisonError) context.Context {
	return context.WithValue(ctx, poisonKey{}, e)
}

// PoisonFrom returns what WithPoison put into ctx, nil if nothing.
func PoisonFrom(ctx context.Context) *PoisonError {
	e, _ := ctx.Value(poisonKey{}).(*PoisonError)
	return e
}
