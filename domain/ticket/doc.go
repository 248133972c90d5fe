// Package ticket decides what may happen to a service ticket.
//
// It is pure: no clock, no I/O, no random numbers, no logging. Time, ids and
// policies arrive inside the command. The rules are TKT-01 to TKT-17 and
// SLA-01 to SLA-13 in docs/rules.md.
package ticket
