//go:build race

package integration_test

// raceEnabled says that the race detector watches: Watermill's TestReconnect
// itself reads the list of what was published while it grows.
const raceEnabled = true
