// Package timer takes steps when they are due: those of escalation (SLA-08)
// and those of asking for lent tools (TOL-09).
//
// What is to be taken, and when, is a read model: it follows from the events,
// so nothing is lost by a restart and a pause, another level or a strike moves
// or drops it. The Scheduler looks what is due by its clock and sends
// an …IfDue command with an id that derives from the step and its moment; the
// stream decides whether it is so. A step that comes twice, from a second
// process or after a restart, therefore has one effect (ADR 0013).
//
// The package decides nothing, keeps nothing, and sends nothing while the read
// models are on their way to the end of the log: a replay fires no timer.
package timer
