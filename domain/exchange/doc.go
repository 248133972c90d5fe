// Package exchange decides one exchange of old for new: application, approval,
// surrender, inspection, choice of a replacement, and the one event that moves
// both tools at once.
//
// It is pure: no clock, no I/O, no random numbers. What tools, stock and losses
// are like arrives inside the command. It moves no tool itself: the tools are
// kept first, each by its own stream, and settled after the completion; between
// the two, who has them is read here (ADR 0022). The rules are EXC-01 to EXC-07
// in docs/rules.md.
package exchange
