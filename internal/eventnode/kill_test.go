package eventnode_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// writerDir names the variable that turns the test binary into a writer that
// appends to the node in that directory until it is killed.
const writerDir = "EVENTNODE_TEST_WRITER_DIR"

// writeUntilKilled appends to four streams at once and prints each event that was acknowledged.
func writeUntilKilled(dir string) int {
	n, err := tryOpen(eventnode.Options{Dir: dir, Insecure: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var wg sync.WaitGroup
	for w := range 4 { // four writers, so that batches form
		wg.Go(func() {
			var err error
			stream := fmt.Sprintf("fl.w%d", w)
			last := int64(-1)
			if old, err := n.ReadStream(context.Background(), stream, 0); err == nil {
				last = int64(len(old)) - 1
			}
			for {
				last, err = n.Append(context.Background(), stream, last, proposedEvents(fmt.Sprintf("%s-%d", stream, last+1)))
				if err != nil {
					return
				}
				fmt.Printf("%s %d\n", stream, last)
			}
		})
	}
	wg.Wait()
	return 1
}

func TestAKilledWriterLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acknowledged := map[string]int64{}
	for _, lines := range []int{1, 40, 7, 300, 100} {
		runAndKill(t, dir, lines, acknowledged)
		n, err := tryOpen(eventnode.Options{Dir: dir, Insecure: true})
		require.NoError(t, err)
		events := scanAll(t, n)
		require.Equal(t, uint64(len(events)), n.Head().Events)
		next := map[string]uint64{}
		for _, e := range events {
			require.Equal(t, next[e.Stream], e.Revision)
			require.Equal(t, eventID(fmt.Sprintf("%s-%d", e.Stream, e.Revision)), e.ID)
			next[e.Stream]++
		}
		for stream, last := range acknowledged {
			require.GreaterOrEqual(t, int64(next[stream]), last+1, stream)
		}
		closeNode(t, n)
	}
}

// runAndKill starts a writer and kills it after a number of acknowledged events.
func runAndKill(t *testing.T, dir string, lines int, acknowledged map[string]int64) {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	seen := 0
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		var stream string
		var last int64
		if _, err := fmt.Sscanf(scanner.Text(), "%s %d", &stream, &last); err == nil {
			acknowledged[stream] = max(acknowledged[stream], last)
			seen++
		}
		if seen == lines {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.GreaterOrEqual(t, seen, lines)
	require.Error(t, cmd.Wait())
}
