// Package tool decides what may happen to a tool: who has it, whether it may
// be given out, and how it ends.
//
// It is pure: no clock, no I/O, no random numbers. Time, the tool's number and
// the policies of the site arrive inside the command. A tool has exactly one
// custodian at any time (TOL-03), since one stream decides for it: the second
// of two requests is told who has it (TOL-14). That one number is one tool is
// the claim's to see to. The rules are TOL and INS in docs/rules.md.
package tool
