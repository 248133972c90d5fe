// Package importlog brings the event log of another service desk into
// Fieldledger, as a mapping file says.
//
// A mapping (YAML, see Mapping) names the source system, the site its tickets
// belong to, the columns of the log, how times, statuses, levels and channels
// are written there, and the policy to record for the site if it has none. The
// log itself is CSV, plain or gzip. It is read as a stream, twice: first to
// count the rows and find the tickets whose rows do not stand together, then
// to import. Only the keys of the tickets and the rows at hand are in memory.
//
// What happened is kept in its order and not refused. A row that contradicts
// itself (Reason lists how) is reported with its line, counted, and not
// imported; the Report adds up to the rows read. Everything is derived from
// the source's own keys: importing twice adds nothing, a longer log adds what
// is new, and an import that was stopped goes on where it stood.
//
// A log may only grow at a ticket's end: a row that is new before one that was
// imported counts as known. And a longer log must not be followed by a shorter
// one of the same tickets: rows at its end that changed nothing would be taken
// for new.
//
// Lists of tools (ToolMapping, RunTools) come in likewise, each row as one
// opening entry with its own date, its holder by an external key.
//
// The package never decides what a row means for a ticket (domain/ticket
// does), never fills in what the log does not say, and keeps no personal data
// beyond the import. Rules: AUD-01, TKT-03, TKT-04, TKT-06, TKT-13, POL-06, TOL-01,
// TOL-03.
package importlog
