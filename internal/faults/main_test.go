package faults_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if description := os.Getenv(writerVariable); description != "" {
		os.Exit(writer(description))
	}
	goleak.VerifyTestMain(m)
}
