// Package faults breaks what is beneath the embedded node, again and again, and proves that nothing it acknowledged is lost,
// doubled, reordered or half there: power cuts, kills, damaged bytes, failing syncs, full disks. It has tests only. Each fault
// has a control, the same fault with one guard taken away, in which the same checker must find a loss.
//
// It never looks inside the node: it appends through the official client in a process of its own, notes what was acknowledged
// outside of the disk that fails, and reads what a new start finds (AUD-01, ADR 0001, ADR 0016). docs/faults.md lists the faults.
package faults
