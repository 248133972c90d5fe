package eventnode

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/fieldledger/fieldledger/commands"
)

// space refuses appends before the disk is full: Pebble may hang for ever when
// it meets the end of the disk. A reserve file keeps room for what Pebble
// must still write then, and is given up when even that room is being taken.
type space struct {
	fs      vfs.FS
	path    string // of the reserve file; empty for none
	reserve int64
	minFree int64
	free    func() (int64, error) // nil for a store without a disk
	log     *slog.Logger

	mu       sync.Mutex
	held     bool
	wasShort bool
}

// open makes the reserve file if there is room for it. A full disk never keeps
// the node from starting: it must be able to read.
func (s *space) open() {
	if s.reserve <= 0 || s.path == "" {
		return
	}
	if s.find() {
		return
	}
	if err := s.check(0); err != nil { // makes the file if there is room
		s.log.Warn("no room for the reserve file", "error", err)
	}
}

// forStart sees to room for what Pebble writes at a start, from the reserve if
// need be; false if there is none.
func (s *space) forStart() bool {
	if s.free == nil {
		return true
	}
	free, err := s.free()
	return err != nil || free >= s.minFree/4 || s.giveUp()
}

// find tells whether the reserve file is there.
func (s *space) find() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := s.fs.Stat(s.path)
	s.held = err == nil && info.Size() == s.reserve
	return s.held
}

// giveUp makes room by giving up the reserve; false if there is none to give.
func (s *space) giveUp() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reserve <= 0 || s.path == "" {
		return false
	}
	if _, err := s.fs.Stat(s.path); err != nil {
		return false
	}
	return s.remove()
}

func (s *space) remove() bool {
	if err := s.fs.Remove(s.path); err != nil {
		s.log.Error("reserve file not given up", "error", err)
		return false
	}
	s.held = false
	s.log.Warn("reserve file given up", "bytes", s.reserve)
	return true
}

// check returns an error that wraps commands.ErrStorageFull if there is no
// room for bytes more.
func (s *space) check(bytes int64) error {
	if s.free == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	free, err := s.free()
	if err != nil {
		return fmt.Errorf("%w: free space is unknown: %w", commands.ErrStorageFull, err)
	}
	need := s.minFree + 4*bytes // log, table, and room to compact both
	if s.reserve > 0 && s.path != "" && !s.held && free >= need+s.reserve {
		if err := s.refill(); err != nil {
			return fmt.Errorf("%w: %w", commands.ErrStorageFull, err)
		}
		free -= s.reserve
	}
	if free >= need && (s.held || s.reserve <= 0 || s.path == "") {
		s.recovered()
		return nil
	}
	s.short(free, need)
	return fmt.Errorf("%w: %d bytes are free, %d are needed", commands.ErrStorageFull, free, need)
}

func (s *space) short(free, need int64) {
	if !s.wasShort {
		s.wasShort = true
		s.log.Error("appends refused for want of disk space", "free_bytes", free, "needed_bytes", need)
	}
	if s.held && free < s.minFree/4 {
		s.remove()
	}
}

func (s *space) recovered() {
	if s.wasShort {
		s.wasShort = false
		s.log.Info("appends accepted again")
	}
}

// refill writes the reserve file anew; written, not only sized, so that it takes its room.
func (s *space) refill() error {
	file, err := s.fs.Create(s.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("create reserve file: %w", err)
	}
	block := make([]byte, 1<<20)
	for left := s.reserve; left > 0 && err == nil; left -= int64(len(block)) {
		_, err = file.Write(block[:min(left, int64(len(block)))])
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(fmt.Errorf("fill reserve file: %w", err), s.fs.Remove(s.path))
	}
	s.held = true
	return nil
}
