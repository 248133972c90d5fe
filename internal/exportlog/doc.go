// Package exportlog writes the histories of a site's tickets as an event log
// that other programs read: CSV, or XES (IEEE 1849) for process mining.
//
// One row, or event, is one fact of one ticket, in the order of its stream.
// Beside the log it writes a mapping file, with the site and its policies, by
// which internal/importlog brings the log into another installation: its
// clocks then say the same as ours. What cannot be said in such a log is
// counted in Report.Inexact and never passed over in silence.
//
// Facts that were struck, and the verdicts that follow from facts, are no rows
// (AUD-02); a verdict stands beside the fact that ended the clock. Personal
// fields stay empty unless an Opener is given, and each look is recorded
// before it is shown (AUD-07, AUD-08). The package changes nothing, decides
// nothing, and holds one ticket at a time.
package exportlog
