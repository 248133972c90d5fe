// Package e2e holds the tests of the whole system: on the embedded node, a
// real PostgreSQL and real input, and on the compiled program where processes
// are killed and files are searched.
//
// It has no code of its own and nobody imports it. Each test holds one of the
// invariants in ARCHITECTURE.md against figures that the test itself counts in
// another way; it never asks the system under test what the right answer is.
package e2e
