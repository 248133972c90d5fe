// Package catchup reads the log for the projectors: a Watermill subscriber
// whose messages are pages of numbered, decoded events.
//
// It gives every event of ours its log number, the dense count in log order,
// always counted on from a checkpoint that the projectors committed, never
// from memory. It waits for the Ack of a page before it hands out the next,
// comes again from the checkpoint after a Nack or when the store was lost,
// and never skips: an event that cannot be read ends the reading with a
// message that says so. Events hands out one message an event instead, for
// process managers and integrations (ADR 0018). It writes nothing and opens no sealed field (ADR 0003,
// AUD-02, AUD-05).
package catchup
