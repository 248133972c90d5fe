package client_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
)

// bareEnv makes the test program a process that calls the node at the given
// address by the official client alone. It is a process of its own because
// the client's callers hang for ever.
const bareEnv = "FIELDLEDGER_TEST_BARE_CLIENT"

const bareLimit = 200 * time.Millisecond

// bareClient makes calls through an outage and tells, line by line, when it is
// to begin and to end, how many calls hung, and whether the node was found again.
func bareClient(address string) int {
	config, err := esdb.ParseConnectionString("esdb://" + address + "?tls=false")
	if err != nil {
		return 1
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		return 1
	}
	read := func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), bareLimit)
		defer cancel()
		stream, err := client.ReadStream(ctx, "$all-of-nothing", esdb.ReadStreamOptions{From: esdb.Start{}}, 1)
		if err != nil {
			return false
		}
		defer stream.Close()
		_, err = stream.Recv()
		typed, ok := esdb.FromError(err)
		return ok || typed.Code() == esdb.ErrorCodeResourceNotFound
	}
	if !read() {
		return 1
	}
	var begun, back atomic.Int64
	tell("away")
	for range 16 {
		begun.Add(1)
		go func() {
			for until := time.Now().Add(3 * time.Second); time.Now().Before(until); <-time.After(bareLimit / 10) {
				read()
			}
			back.Add(1)
		}()
	}
	<-time.After(5 * time.Second)
	tell(fmt.Sprintf("back %d", begun.Load()-back.Load()))
	found := false
	for range 10 {
		answered := make(chan bool, 1)
		go func() { answered <- read() }()
		select {
		case ok := <-answered:
			found = found || ok
		case <-time.After(5 * bareLimit):
		}
		<-time.After(bareLimit / 4)
	}
	tell(fmt.Sprintf("found %t", found))
	return 0
}

// tell writes a line and waits for the answer.
func tell(line string) {
	fmt.Fprintln(os.Stdout, line)
	_, _ = fmt.Fscanln(os.Stdin)
}

// Whether it hangs or dies depends on the moment at which its calls meet the
// loss, so it gets several outages; one is enough.
func TestTheOfficialClientAloneHangsOrIsLostAfterAnOutage(t *testing.T) {
	t.Parallel()
	for range 6 {
		if hung, found := bareOutage(t); hung > 0 || !found {
			t.Logf("fault: control, the official client alone: %d of 16 callers, whose calls have a limit of %s, had not come back after 5 s; the node was found again: %t", hung, bareLimit, found)
			return
		}
	}
	require.Fail(t, "the supervisor is needed no more")
}

// bareOutage runs a process of bareClient through one outage.
func bareOutage(t *testing.T) (hung int, found bool) {
	t.Helper()
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), bareEnv+"="+w.proxy.Addr())
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	_, err = fmt.Fscanln(out, new(string))
	require.NoError(t, err)
	w.proxy.Down()
	fmt.Fprintln(in)
	_, err = fmt.Fscanf(out, "back %d\n", &hung)
	require.NoError(t, err)
	require.NoError(t, w.proxy.Up(t.Context()))
	fmt.Fprintln(in)
	_, err = fmt.Fscanf(out, "found %t\n", &found)
	require.NoError(t, err)
	fmt.Fprintln(in)
	return hung, found
}
