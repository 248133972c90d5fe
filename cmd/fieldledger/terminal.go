package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// terminal is where people read: results on out, progress and logs on err.
type terminal struct {
	out, err io.Writer
}

// printf writes a line or more of a result.
func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// interactive reports whether w is a terminal.
func interactive(w io.Writer) bool {
	f, ok := w.(*os.File)
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
