// Package simulate lives a year of sites through the API, day by day, and then
// looks whether what must always hold did hold.
//
// Small actors (storekeeper, technicians, shift leaders, manager, personnel,
// clerks and others) do what the regulations ask for, and now and then what
// they forbid. Everything is asked of the real handlers with the tokens of real
// roles; what a day brings is drawn from a generator that is seeded, so the same
// seed gives the same year. The checks of checks.go read the log alone, with
// folds of their own, so that they cannot be wrong together with what they check.
//
// The package opens no system and reads no clock: whoever runs it hands in the
// installation and sets its clock. It never writes into a store or a read model.
// The rules that it plays are those of tools and tickets in docs/rules.md.
package simulate
