package storetest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// T is what a case needs of its surroundings. *testing.T has it, and so has
// what Run gives to a case.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	FailNow()
	Cleanup(f func())
	Context() context.Context
}

// Case is one behaviour that is asked of a store.
type Case struct {
	Name string
	// Own says that it is a behaviour of the embedded node that a real server
	// does not have.
	Own bool
	// Quiet says that it counts all events of the log, and fails if somebody
	// else writes at the same time.
	Quiet bool
	Run   func(t T)
}

// subtests is a T that runs parts of itself: *testing.T.
type subtests[S any] interface {
	T
	Parallel()
	Run(name string, f func(S)) bool
}

// Exercise runs each case as a parallel subtest.
func Exercise[S subtests[S]](t S, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t S) {
			t.Parallel()
			c.Run(t)
		})
	}
}

// Result is what came of one case.
type Result struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Own    bool   `json:"own,omitempty"`
	Quiet  bool   `json:"quiet,omitempty"`
	Seen   string `json:"seen,omitempty"` // what was expected and seen, if it did not pass
}

// caseLimit is how long a case may take. It is more than the waits of a case,
// so it only ends what hangs.
const caseLimit = 4 * patience

// Run runs the cases one after the other and reports each. It ends early with
// ctx. A case that hangs is reported and left behind.
func Run(ctx context.Context, cases []Case, report func(Result)) error {
	for _, c := range cases {
		if err := ctx.Err(); err != nil {
			return err
		}
		report(runCase(ctx, c))
	}
	return ctx.Err()
}

func runCase(ctx context.Context, c Case) Result {
	ctx, cancel := context.WithTimeout(ctx, caseLimit)
	defer cancel()
	p := &probe{ctx: ctx}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.protect(func() { c.Run(p) })
		cancel() // as testing does: the context ends before the cleanups
		p.cleanUp()
	}()
	select {
	case <-ended:
	case <-time.After(caseLimit + patience):
		p.Errorf("did not end")
	}
	seen := p.seen()
	return Result{Name: c.Name, Own: c.Own, Quiet: c.Quiet, Passed: len(seen) == 0, Seen: strings.Join(seen, "\n")}
}

// probe is the T of a case that runs without the testing package.
type probe struct {
	ctx context.Context //nolint:containedctx // a case asks for it, as a test does

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (p *probe) Helper()                  {}
func (p *probe) Context() context.Context { return p.ctx }

func (p *probe) FailNow() {
	if len(p.seen()) == 0 {
		p.Errorf("failed without a word")
	}
	runtime.Goexit()
}

func (p *probe) Errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, withoutTrace(fmt.Sprintf(format, args...)))
}

func (p *probe) Cleanup(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cleanups = append(p.cleanups, f)
}

func (p *probe) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.failures)
}

// protect runs f to its end, which may be FailNow or a panic.
func (p *probe) protect(f func()) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			if r := recover(); r != nil {
				p.Errorf("panicked: %v", r)
			}
		}()
		f()
	}()
	<-over
}

// cleanUp calls what was registered, the last first.
func (p *probe) cleanUp() {
	for {
		p.mu.Lock()
		n := len(p.cleanups)
		if n == 0 {
			p.mu.Unlock()
			return
		}
		f := p.cleanups[n-1]
		p.cleanups = p.cleanups[:n-1]
		p.mu.Unlock()
		p.protect(f)
	}
}

// withoutTrace keeps what an assertion expected and saw, and drops where in
// this program it stands.
func withoutTrace(text string) string {
	_, found, ok := strings.Cut(text, "Error:")
	if !ok {
		return strings.TrimSpace(text)
	}
	var kept []string
	for line := range strings.Lines(found) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "Diff:") {
			break
		}
		kept = append(kept, line)
	}
	if _, words, ok := strings.Cut(found, "Messages:"); ok {
		kept = append(kept, strings.TrimSpace(words))
	}
	return strings.Join(kept, "\n")
}
