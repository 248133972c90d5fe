package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// writerVariable turns the test binary into a writer, by its job in JSON.
const writerVariable = "FAULTS_WRITER"

// job is what a writer process does: it opens the node in Dir, appends by the script through the official client, and notes
// in Acks what was acknowledged, until it has done Appends with each writer or the node fails. It prints a dot for each
// acknowledgement.
type job struct {
	script
	Dir     string
	Acks    string
	Appends int    // of each writer; 0 for no end
	Broken  string // the guard taken away: "" for none, else a key of broken
}

// broken are disks that promise what they do not keep.
var broken = map[string]func(vfs.FS) vfs.FS{
	"":            func(fs vfs.FS) vfs.FS { return fs },
	"no syncs":    func(fs vfs.FS) vfs.FS { return wrapFiles(fs, func(f vfs.File) vfs.File { return noSync{f} }) },
	"no errors":   func(fs vfs.FS) vfs.FS { return wrapFiles(fs, func(f vfs.File) vfs.File { return noErrors{f} }) },
	"write later": func(fs vfs.FS) vfs.FS { return wrapLogs(fs, func(f vfs.File) vfs.File { return &writeLater{File: f} }) },
}

// writer is the main function of a writer process.
func writer(description string) int {
	var j job
	err := json.Unmarshal([]byte(description), &j)
	if err == nil {
		err = j.run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (j job) run(ctx context.Context) error {
	n, err := eventnode.Open(ctx, eventnode.Options{
		Clock: clock.System{}, Dir: j.Dir, Insecure: true, ReserveBytes: -1, MinFreeBytes: 1,
		FS: broken[j.Broken](vfs.Default), Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	acks, err := openAcks(j.Acks)
	if err != nil {
		return err
	}
	failed := make(chan error, j.Writers)
	var wg sync.WaitGroup
	for w := range j.Writers {
		wg.Go(func() { failed <- j.write(ctx, n, acks, w) })
	}
	wg.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	if err := n.Err(); err != nil {
		return err // the process ends, as the program does; the rest follows from it
	}
	return errors.Join(append(errs, n.Close(ctx))...)
}

func (j job) write(ctx context.Context, n *eventnode.Node, acks ackFile, writer int) error {
	client, err := connect(n)
	if err != nil {
		return err
	}
	l := j.line(j.stream(writer))
	old, _ := n.ReadStream(ctx, l.stream, 0) // none at the first start
	for range old {
		l.event()
	}
	for i := 0; j.Appends == 0 || i < j.Appends; i++ {
		k, err := appendBatch(ctx, client, l)
		if err != nil {
			return errors.Join(err, client.Close())
		}
		if err := acks.note(k); err != nil {
			return errors.Join(err, client.Close())
		}
		fmt.Print(".")
	}
	return client.Close()
}
