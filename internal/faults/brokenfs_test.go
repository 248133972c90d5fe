package faults_test

import (
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// wrappedFS passes every file that it opens for writing through wrap.
type wrappedFS struct {
	vfs.FS
	wrap func(name string, f vfs.File) vfs.File
}

func wrapFiles(fs vfs.FS, wrap func(vfs.File) vfs.File) vfs.FS {
	return &wrappedFS{FS: fs, wrap: func(_ string, f vfs.File) vfs.File { return wrap(f) }}
}

// wrapLogs wraps the write-ahead logs and the sidecar only.
func wrapLogs(fs vfs.FS, wrap func(vfs.File) vfs.File) vfs.FS {
	return &wrappedFS{FS: fs, wrap: func(name string, f vfs.File) vfs.File {
		if filepath.Ext(name) != ".log" && filepath.Base(name) != "head" {
			return f
		}
		return wrap(f)
	}}
}

func (w *wrappedFS) wrapped(name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return w.wrap(name, f), nil
}

func (w *wrappedFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := w.FS.Create(name, c)
	return w.wrapped(name, f, err)
}

func (w *wrappedFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := w.FS.OpenReadWrite(name, c, opts...)
	return w.wrapped(name, f, err)
}

func (w *wrappedFS) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := w.FS.ReuseForWrite(oldname, newname, c)
	return w.wrapped(newname, f, err)
}

func (w *wrappedFS) OpenDir(name string) (vfs.File, error) {
	f, err := w.FS.OpenDir(name)
	return w.wrapped(name, f, err)
}

func (w *wrappedFS) Unwrap() vfs.FS { return w.FS }

// noSync is a file whose syncs do nothing.
type noSync struct{ vfs.File }

func (noSync) Sync() error                { return nil }
func (noSync) SyncData() error            { return nil }
func (noSync) SyncTo(int64) (bool, error) { return true, nil }

// noErrors is a file whose syncs never say that they failed.
type noErrors struct{ vfs.File }

func (f noErrors) Sync() error     { _ = f.File.Sync(); return nil }
func (f noErrors) SyncData() error { _ = f.File.SyncData(); return nil }
func (f noErrors) SyncTo(length int64) (bool, error) {
	full, _ := f.File.SyncTo(length)
	return full, nil
}

// writeLater is a file whose writes stay in the memory of the process until it is closed.
type writeLater struct {
	vfs.File
	held   []byte
	heldAt map[int64][]byte
}

func (f *writeLater) Write(p []byte) (int, error) {
	f.held = append(f.held, p...)
	return len(p), nil
}

func (f *writeLater) WriteAt(p []byte, offset int64) (int, error) {
	if f.heldAt == nil {
		f.heldAt = map[int64][]byte{}
	}
	f.heldAt[offset] = append([]byte(nil), p...)
	return len(p), nil
}

func (f *writeLater) Close() error {
	if _, err := f.File.Write(f.held); err != nil {
		return err
	}
	for offset, p := range f.heldAt {
		if _, err := f.File.WriteAt(p, offset); err != nil {
			return err
		}
	}
	return f.File.Close()
}
