// Package archtest holds no code: its tests compare each package's imports
// with the layers of ARCHITECTURE.md, ask each package for its doc comment,
// keep the table of docs/rules.md, and see that the repository speaks of
// nothing outside it.
package archtest
