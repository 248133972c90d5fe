// Package process runs process managers: what follows from an event in other
// streams than its own (ADR 0013).
//
// A Manager is pure but for one question to the read models, asked as of a log
// number that is kept, so that it always gets the same answer. The Runner takes
// the events in and keeps in the manager's own streams which ones, and what
// became of each command: accepted, refused or changed nothing. The id of a
// command derives from the manager, the event and the step, so that sent again
// it has one effect; an outcome that is not known is asked for again, never
// assumed. Nothing is acted on at or below the number at which the manager
// first started, nor for events of an import, and what was taken in once is
// never taken in again: a replay sets nothing off.
//
// The events come from the one reader of the log, through the inbox read model.
package process
