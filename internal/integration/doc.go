// Package integration publishes events for other systems: small, versioned,
// without personal data, in streams of their own beside ours.
//
// What is published is a function of our log: ids derive from the source event
// and the name of the integration, so publishing again changes nothing, and
// the published streams themselves tell how far publishing has come. It never
// writes a stream of ours and never changes what was published (ADR 0018).
package integration
