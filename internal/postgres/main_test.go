package postgres_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/internal/postgres"
)

// ownerEnv makes the test program a process that starts a server on the named
// data folder, tells the numbers of its processes, and waits to be killed.
const ownerEnv = "FIELDLEDGER_TEST_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		if err := own(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	pgtest.Main(m)
}

func own(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := postgres.Start(ctx, postgres.Options{DataDir: dir, Mode: postgres.Durable})
	if err != nil {
		return err
	}
	fmt.Println(server.Pid(), server.WatchdogPid(), server.SocketDir())
	<-ctx.Done() // killed before
	return ctx.Err()
}
