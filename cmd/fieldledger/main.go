// Command fieldledger runs the after-sales service core: it keeps every fact
// as an event, builds the read models and answers the API.
//
// It only reads flags, environment and file into one configuration, wires the
// parts and runs them. One file a command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/fieldledger/fieldledger/internal/postgres"
)

// Exit codes: 0 all held, 1 a fault, 2 wrong usage, 3 no PostgreSQL to be had,
// 4 a check came out red. A comparison has those of diff: 0 equal, 1 different,
// 2 trouble.
const (
	exitFault      = 1
	exitUsage      = 2
	exitNoPostgres = 3
	exitRed        = 4
	exitTrouble    = 2
)

// errRed says that a check ran to its end and did not hold.
var errRed = errors.New("check did not hold")

type cli struct {
	Config `embed:""`

	Demo      demoCmd      `cmd:"" help:"Import the sample log, report, rebuild, explain, then serve the API with a demo token."`
	Serve     serveCmd     `cmd:"" help:"Serve the API and keep the read models."`
	Import    importCmd    `cmd:"" help:"Import the log of another service desk, or a list of tools, by a mapping file."`
	Export    exportCmd    `cmd:"" help:"Write the histories of a site's tickets as an event log, CSV or XES, with a mapping file."`
	Rebuild   rebuildCmd   `cmd:"" help:"Build every read model anew beside the live ones, compare, and cut over."`
	Verify    verifyCmd    `cmd:"" help:"Recompute the digests of the read models from their tables and name what differs."`
	Explain   explainCmd   `cmd:"" help:"List the events and spans behind a ticket's verdicts or a figure."`
	Policy    policyCmd    `cmd:"" help:"Record, show and compare policies, and add the yearly notice of holidays."`
	Payroll   payrollCmd   `cmd:"" help:"Take in wages, and write what is deducted from them for lost tools."`
	Ledger    ledgerCmd    `cmd:"" help:"Hold ledgers that are kept twice against each other, and write what differs."`
	Token     tokenCmd     `cmd:"" help:"Print a token of the demo issuer."`
	Node      nodeCmd      `cmd:"" help:"Run the embedded event node alone."`
	Storetest storetestCmd `cmd:"" help:"Hold an event store to what is expected of it, behaviour by behaviour; compare a real server with the embedded node."`
	Simulate  simulateCmd  `cmd:"" help:"Live a year of sites on a clock of its own, through the API, and check what must always hold."`
	Doctor    doctorCmd    `cmd:"" help:"Show each step of finding PostgreSQL and the event store, with its answer."`
	Bench     benchCmd     `cmd:"" help:"Measure the figures of docs/benchmarks.md on this machine."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("fieldledger"), kong.UsageOnError(), kong.Writers(stdout, stderr),
		kong.Description("An event-sourced core for after-sales service."),
		kong.Configuration(yamlFile, usualFiles()...),
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(stderr, "fieldledger:", err)
		return exitFault
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintln(stderr, "fieldledger:", err)
		return exitUsage
	}
	if err := c.checkAll(kctx.Command()); err != nil {
		fmt.Fprintln(stderr, "fieldledger: the configuration is wrong:")
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	err = kctx.Run(&c.Config, &terminal{in: os.Stdin, out: stdout, err: stderr})
	if err != nil && !errors.Is(err, errDiffers) {
		fmt.Fprintln(stderr, "fieldledger:", err)
	}
	return exitCode(err)
}

// checkAll returns all faults of the configuration and of the command's own part of it.
func (c *cli) checkAll(command string) error {
	faults := c.check()
	switch command {
	case "demo":
		faults = errors.Join(faults, c.Demo.check(true))
	case "serve":
		faults = errors.Join(faults, c.Serve.check(false))
	}
	return faults
}

func exitCode(err error) int {
	var none *postgres.NotFoundError
	var trouble troubleError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return 0
	case errors.As(err, &none):
		return exitNoPostgres
	case errors.Is(err, errRed):
		return exitRed
	case errors.As(err, &trouble): // of a comparison, in which 1 is an answer
		return exitTrouble
	}
	return exitFault
}
