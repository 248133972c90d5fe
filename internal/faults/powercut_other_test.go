//go:build !linux

package faults_test

import "testing"

func TestAPowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	notRun(t, "power cut", "it needs Linux")
}
