package eventnode

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the file system of a node. It answers failures of the disk before
// Pebble can, which would panic, try again, or hang (ADR 0016):
//
// A change that fails makes the node fail, with an error that names the file,
// and does not return; later changes do not begin. So nothing is written and
// nothing is acknowledged on a disk that has failed once, and no goroutine of
// Pebble sees an error that it cannot handle. They end with the process.
//
// A change that finds the disk full gives up the reserve, or waits until there
// is room; full tells meanwhile, so that new appends are refused.
type disk struct {
	vfs.FS
	fail    func(error)
	broken  <-chan struct{} // closed when the node has failed or is closed
	closing <-chan struct{}
	giveUp  func() bool  // gives up the reserve; false if there is none
	opened  atomic.Bool  // a start does not wait for room
	waiting atomic.Int32 // changes that wait for room
	failed  atomic.Bool
}

// lookForRoom is how often a change that found the disk full looks again.
const lookForRoom = 20 * time.Millisecond

// full tells whether a change waits for room.
func (d *disk) full() bool { return d.waiting.Load() > 0 }

// change makes one change of what is on the disk.
func (d *disk) change(what, name string, op func() error) error {
	if d.failed.Load() {
		select {} // see above; the process ends
	}
	err := op()
	if errors.Is(err, syscall.ENOSPC) {
		err = d.retry(err, op)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	if !namesFile(err) {
		err = fmt.Errorf("%s %s: %w", what, name, err)
	}
	d.failed.Store(true)
	d.fail(err)
	select {}
}

func namesFile(err error) bool {
	_, isPath := errors.AsType[*fs.PathError](err)
	_, isLink := errors.AsType[*os.LinkError](err)
	return isPath || isLink
}

// retry makes a change again until there is room for it.
func (d *disk) retry(err error, op func() error) error {
	d.waiting.Add(1)
	defer d.waiting.Add(-1)
	for errors.Is(err, syscall.ENOSPC) {
		if !d.giveUp() {
			if !d.opened.Load() {
				return err
			}
			select {
			case <-time.After(lookForRoom):
			case <-d.broken:
				return err
			case <-d.closing:
				return err
			}
		}
		err = op()
	}
	return err
}

// open makes a change that opens a file.
func (d *disk) open(what, name string, op func() (vfs.File, error)) (vfs.File, error) {
	var f vfs.File
	err := d.change(what, name, func() (err error) {
		f, err = op()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &diskFile{File: f, disk: d, name: name}, nil
}

// Create is a change. A manifest is in its directory for certain before Pebble
// makes it the current one: a file system may keep the newer entry and lose the older.
func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.open("create", name, func() (vfs.File, error) { return d.FS.Create(name, c) })
	if err != nil || !strings.HasPrefix(d.PathBase(name), "MANIFEST-") {
		return f, err
	}
	dir := d.PathDir(name)
	if err := d.change("sync", dir, func() error { return syncDir(d.FS, dir) }); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// OpenReadWrite is a change.
func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return d.open("open", name, func() (vfs.File, error) { return d.FS.OpenReadWrite(name, c, opts...) })
}

// ReuseForWrite is a change.
func (d *disk) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.open("reuse", newname, func() (vfs.File, error) { return d.FS.ReuseForWrite(oldname, newname, c) })
}

// OpenDir opens a directory, to sync it.
func (d *disk) OpenDir(name string) (vfs.File, error) {
	return d.open("open", name, func() (vfs.File, error) { return d.FS.OpenDir(name) })
}

// Link is a change.
func (d *disk) Link(oldname, newname string) error {
	return d.change("link", newname, func() error { return d.FS.Link(oldname, newname) })
}

// Remove is a change.
func (d *disk) Remove(name string) error {
	return d.change("remove", name, func() error { return d.FS.Remove(name) })
}

// RemoveAll is a change.
func (d *disk) RemoveAll(name string) error {
	return d.change("remove", name, func() error { return d.FS.RemoveAll(name) })
}

// Rename is a change.
func (d *disk) Rename(oldname, newname string) error {
	return d.change("rename", newname, func() error { return d.FS.Rename(oldname, newname) })
}

// MkdirAll is a change.
func (d *disk) MkdirAll(name string, perm os.FileMode) error {
	return d.change("make", name, func() error { return d.FS.MkdirAll(name, perm) })
}

// Unwrap is the file system beneath.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// diskFile is a file that is written, or a directory that is synced.
type diskFile struct {
	vfs.File
	disk *disk
	name string
}

func (f *diskFile) Write(p []byte) (int, error) {
	written := 0
	err := f.disk.change("write", f.name, func() error {
		n, err := f.File.Write(p[written:]) // a full disk may take a part
		written += n
		return err
	})
	return written, err
}

func (f *diskFile) WriteAt(p []byte, offset int64) (int, error) {
	n := 0
	err := f.disk.change("write", f.name, func() (err error) {
		n, err = f.File.WriteAt(p, offset)
		return err
	})
	return n, err
}

func (f *diskFile) Sync() error     { return f.sync(f.File.Sync) }
func (f *diskFile) SyncData() error { return f.sync(f.File.SyncData) }

func (f *diskFile) SyncTo(length int64) (full bool, err error) {
	err = f.sync(func() error {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// sync is not made again, whatever it failed with: the second could succeed
// though what the first was to write is gone.
func (f *diskFile) sync(op func() error) error {
	return f.disk.change("sync", f.name, func() error {
		err := op()
		if errors.Is(err, syscall.ENOSPC) {
			return errors.New(err.Error())
		}
		return err
	})
}

func (f *diskFile) Close() error {
	return f.disk.change("close", f.name, f.File.Close)
}
