// Package postgres finds, starts and stops the PostgreSQL server that holds
// the read models and the vault, opens connection pools on it and migrates the
// tables that are not part of a read-model generation.
//
// A server of our own is private: it listens on no network address, only on a
// Unix socket in a folder that nobody but us may enter, and it ends when the
// process that started it ends, however that process ends. An external server
// is used when its address is given, and then this package never starts,
// stops or configures anything.
//
// It never moves a data folder from one build of PostgreSQL to another, never
// kills a server with SIGKILL, never touches a server that it did not start,
// and knows nothing of events or read models: rows are written by projections,
// commands and the vault.
package postgres
