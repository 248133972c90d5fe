// Package commands holds the use cases: load, fold, decide, append, repeat.
//
// It declares the ports it needs (EventStore, Clock, Vault, Outcomes) and
// never knows which technology serves them. Decisions are the domain's; this
// package brings time, ids and policies to them and sees to it that one
// command has one effect (TKT-02, AUD-01, POL-02).
package commands
