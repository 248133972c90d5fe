// Package readmodel holds what every projector shares: versions, facts and
// their cells, marks, digests, checkpoints and generations (ADR 0003).
//
// A projection is a set of tables that are folded together: a Model folds one
// stream into one row and keeps every version of it, a Log keeps one row for
// each event. Projectors are pure; this package alone writes. A page of the
// log is committed in one transaction with its checkpoint, and where pages
// are cut changes nothing: any cut of the same log gives the same rows and
// the same digest. An event that cannot be applied halts its projector and is
// never skipped. The package reads no clock of its own and opens no sealed
// field (AUD-02, AUD-05, AUD-07).
package readmodel
