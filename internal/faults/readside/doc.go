// Package readside holds the fault tests of all that lies between the log and
// the read models, and of PostgreSQL under both sides: dropped subscriptions,
// servers that stop, die, refuse or are put back, and owners that come late.
//
// It has no code of its own and nobody imports it. After each fault the read
// models must be those that an undisturbed replay of the log gives, by digest
// and table by table, and every command that was acknowledged must be there.
package readside
