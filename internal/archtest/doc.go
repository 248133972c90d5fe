// Package archtest holds no code: its tests compare each package's imports
// with the layers of ARCHITECTURE.md and ask each package for its doc comment.
package archtest
