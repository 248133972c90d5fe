// Package vault keeps the keys of personal data: one AES-256-GCM keyset for
// each subject, in the tables of the schema vault. Sealed values in events and
// read models are opened here and nowhere else, and destroying a subject's
// key erases them all at once.
//
// A keyset is wrapped by the key of its subject's bucket. The 256 bucket keys
// are in a file beside the master key, sealed by it, and never in the
// database: destroying a subject replaces its bucket's key, so that no file
// opens what PostgreSQL keeps of the deleted row. The file changes by steps,
// each of which leaves every other key readable after a crash.
//
// It never writes personal data or an unwrapped subject key to disk or to a
// log, and its refusals say no more than "erased" or "not found". A destroyed
// key is honoured at once by the process that destroyed it, and by every other
// one within Options.Recheck (5 seconds unless set). The rules are AUD-07 and
// AUD-08, and the reasons in ADR 0006.
package vault
