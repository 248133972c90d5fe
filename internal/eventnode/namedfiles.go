package eventnode

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// namedFiles is a file system whose errors name the file. Those of the calls
// that matter most, the syncs, do not by themselves, and whoever reads why a
// node ended has to find the disk.
type namedFiles struct{ vfs.FS }

func named(name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return namedFile{File: f, name: name}, nil
}

func (n namedFiles) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := n.FS.Create(name, c)
	return named(name, f, err)
}

func (n namedFiles) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := n.FS.OpenReadWrite(name, c, opts...)
	return named(name, f, err)
}

func (n namedFiles) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := n.FS.ReuseForWrite(oldname, newname, c)
	return named(newname, f, err)
}

// Unwrap is the file system beneath.
func (n namedFiles) Unwrap() vfs.FS { return n.FS }

type namedFile struct {
	vfs.File
	name string
}

func (f namedFile) failed(what string, err error) error {
	if _, has := errors.AsType[*fs.PathError](err); err == nil || has {
		return err
	}
	return fmt.Errorf("%s %s: %w", what, f.name, err)
}

func (f namedFile) Sync() error     { return f.failed("sync", f.File.Sync()) }
func (f namedFile) SyncData() error { return f.failed("sync", f.File.SyncData()) }

func (f namedFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	return full, f.failed("sync", err)
}

func (f namedFile) Preallocate(offset, length int64) error {
	return f.failed("allocate", f.File.Preallocate(offset, length))
}

func (f namedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, f.failed("write", err)
}

func (f namedFile) WriteAt(p []byte, offset int64) (int, error) {
	n, err := f.File.WriteAt(p, offset)
	return n, f.failed("write", err)
}
