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
	goleak.VerifyTestMain(m, abandoned()...)
}

// abandoned are what a node leaves behind on a disk that failed: goroutines that never touch the disk again and end with the
// process (ADR 0016).
func abandoned() []goleak.Option {
	options := []goleak.Option{}
	for _, name := range []string{
		"github.com/fieldledger/fieldledger/internal/eventnode.(*disk).change",
		"github.com/fieldledger/fieldledger/internal/eventnode.(*Node).untilFailed.func1",
		"github.com/cockroachdb/pebble/v2.(*ConcurrencyLimitScheduler).periodicGranter",
		"github.com/cockroachdb/pebble/v2.(*cleanupManager).mainLoop",
		"github.com/cockroachdb/pebble/v2.(*commitPipeline).Commit",
		"github.com/cockroachdb/pebble/v2.(*DB).collectTableStats",
		"github.com/cockroachdb/pebble/v2.(*DB).flush",
		"github.com/cockroachdb/pebble/v2.Open",
		"github.com/fieldledger/fieldledger/internal/faults_test.fatal.Fatalf",
		"github.com/cockroachdb/pebble/v2/record.(*LogWriter).flushLoop",
		"github.com/cockroachdb/pebble/v2/internal/genericcache.(*shard[...]).releaseLoop",
	} {
		options = append(options, goleak.IgnoreAnyFunction(name))
	}
	return options
}
