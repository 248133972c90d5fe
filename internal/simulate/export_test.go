package simulate

import "context"

// Try tries what a rule forbids.
func (s *Simulator) Try(ctx context.Context, rule, path string, revision int64) error {
	return s.forbidden(ctx, rule, &Person{Key: "boss"}, path, object{}, revision)
}
