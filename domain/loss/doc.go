// Package loss decides what becomes of a tool that is missing, or damaged by
// human fault: the finding, the certificate that excuses it, the assessment,
// who pays how much, the approval, and how it ends.
//
// It is pure: no clock, no I/O, no random numbers, no floats. The tool's facts,
// the time and the policies of the site arrive inside the command; amounts are
// whole fen. It deducts nothing: what is approved goes to the accounts of
// domain/deduction. The rules are LOS-01 to LOS-12 in docs/rules.md; ADR 0023.
package loss
