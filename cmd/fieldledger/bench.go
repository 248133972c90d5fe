package main

import "context"

type benchCmd struct{}

// Run measures the figures of docs/benchmarks.md.
func (benchCmd) Run(_ context.Context, _ *Config, _ *terminal) error { return nil }
