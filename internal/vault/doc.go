// Package vault keeps the keys of personal data: one AES-256-GCM keyset for
// each subject, wrapped by the installation's master key, in the tables of
// the schema vault. Sealed values in events and read models are opened here
// and nowhere else, and destroying a subject's key erases them all at once.
//
// It never writes personal data or an unwrapped key to disk or to a log, and
// its refusals say no more than "erased" or "not found". A destroyed key is
// honoured at once by the process that destroyed it, and by every other one
// within Options.Recheck (5 seconds unless set). The rules are AUD-07 and AUD-08.
package vault
