package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/messages"
)

// terminal is where people read: results on out, progress and logs on err; and
// where they answer, if somebody is there.
type terminal struct {
	in       io.Reader // nil: nobody answers
	out, err io.Writer
}

// printf writes a line or more of a result.
func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// confirmed asks a question and reports whether the answer was yes. Where
// nobody can answer it is no.
func (t *terminal) confirmed(question string) bool {
	if !interactive(t.in) {
		return false
	}
	fmt.Fprint(t.err, question)
	line, _ := bufio.NewReader(t.in).ReadString('\n') // what ends early is no yes
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes", "是":
		return true
	}
	return false
}

// told says the refusal of a rule in the words of the catalogue; every other
// error stays as it is.
func told(err error, lang string) error {
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		all := make([]error, len(joined.Unwrap()))
		for i, e := range joined.Unwrap() {
			all[i] = told(e, lang)
		}
		return errors.Join(all...)
	}
	if rule, ok := errors.AsType[*domain.RuleError](err); ok {
		return fmt.Errorf("%s: %s", rule.Rule, messages.Text(lang, rule.Key, rule.Args))
	}
	if invalid, ok := errors.AsType[*domain.InvalidError](err); ok {
		return fmt.Errorf("%s: %s", invalid.Pointer, messages.Text(lang, invalid.Key, invalid.Args))
	}
	return err
}

// interactive reports whether in or out is a terminal.
func interactive(inOrOut any) bool {
	f, ok := inOrOut.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progress shows how far long work has come: a bar on a terminal, else a
// plain line every few seconds. Safe for concurrent use.
type progress struct {
	name string
	out  io.Writer
	bars *mpb.Progress
	bar  *mpb.Bar

	mu    sync.Mutex
	last  time.Time
	total int64
}

const plainEvery = 3 * time.Second

func (t *terminal) progress(name string) *progress {
	p := &progress{name: name, out: t.err, last: time.Now()}
	if interactive(t.err) {
		p.bars = mpb.New(mpb.WithOutput(t.err), mpb.WithWidth(50))
		p.bar = p.bars.AddBar(0,
			mpb.PrependDecorators(decor.Name(name+" ")),
			mpb.AppendDecorators(decor.CountersNoUnit("%d / %d"), decor.Name(" "), decor.AverageSpeed(0, "%.0f/s")))
	}
	return p
}

// update tells how much of how much is done.
func (p *progress) update(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = total
	if p.bar != nil {
		p.bar.SetTotal(total, false)
		p.bar.SetCurrent(done)
		return
	}
	if now := time.Now(); now.Sub(p.last) >= plainEvery {
		p.last = now
		fmt.Fprintf(p.out, "%s: %d of %d\n", p.name, done, total)
	}
}

// end finishes the bar.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.SetTotal(p.total, true)
		p.bars.Shutdown()
	}
}
