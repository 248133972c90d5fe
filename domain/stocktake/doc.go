// Package stocktake decides how tools are counted: the list that is frozen,
// what each scanner found, the result, the two signatures (CHK-01).
//
// A count is one stream, and one more for each scanner, so that several count
// at once without meeting. A scanner's stream is closed by an event of its own
// before the result is made: a scan is in the result, or was refused. The
// package never asks who has a tool: the frozen list and custody as of the
// result come with the command. What differs is corrected by others, each tool
// by its own decision. Pure: no clock, no I/O. The rules are CHK-01 in
// docs/rules.md; ADR 0024.
package stocktake
