// Package eventstoredb is commands.EventStore over the official client of
// EventStoreDB and KurrentDB. It is the only importer of that client.
//
// The client closes itself for ever about a second after it has lost its
// node, and calls on it then hang whatever their context says. So a Store
// owns one client at a time (a generation), gives it up at the first sign of
// a lost node and makes a new one as soon as the node listens again. Every
// call returns by its context's deadline, also when the client hangs.
//
// What the client would choose by itself cannot be reached from here: the
// expected revision, event ids and the start of a subscription are required,
// and every event is JSON.
//
// It never decodes an event, never retries a call, never keeps a checkpoint,
// and never deletes or truncates a stream. See ADR 0002.
package eventstoredb
