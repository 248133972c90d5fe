// Package client holds the fault tests of all that lies between a command and
// the log: the official client, its supervisor, and the repeats of commands
// whose answers were lost.
//
// It has no code of its own and nobody imports it. Every fault has a control:
// the same check on a system without the guard, which must find the loss.
// What was run, found and mended stands in docs/faults.md.
package client
