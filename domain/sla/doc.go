// Package sla measures and places service-level clocks: how much of a clock's
// time lies between two instants, which spans counted, and when a target is due.
//
// It is pure and works on whole milliseconds. The rules are SLA-04, SLA-06,
// SLA-07 and SLA-12 in docs/rules.md.
package sla

// Clock says which time a target counts (SLA-12).
type Clock string

// The clocks.
const (
	Working Clock = "working" // time inside the calendar's spans
	Wall    Clock = "wall"    // elapsed time
)
