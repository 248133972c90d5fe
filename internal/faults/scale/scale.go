// Package scale says how often the fault tests repeat a fault: a few times in make test, the full number in make faults
// (FAULTS=full). It decides nothing else: no test may check more or less for the one than for the other.
package scale

import "os"

// Variable is the environment variable that asks for the full numbers; its value for that is "full".
const Variable = "FAULTS"

// Full says that the full numbers were asked for.
func Full() bool { return os.Getenv(Variable) == "full" }

// Times is how often a fault is repeated: full with FAULTS=full, else short. A test says the number it ran in its log, for
// docs/faults.md.
func Times(short, full int) int {
	if Full() {
		return full
	}
	return short
}
