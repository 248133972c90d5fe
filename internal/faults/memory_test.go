package faults_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// memoryDir is the node's folder on a file system in memory.
const memoryDir = "/disk/node"

func newMemory(t *testing.T) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewCrashableMem()
	require.NoError(t, fs.MkdirAll("/disk", 0o700))
	root, err := fs.OpenDir("/")
	require.NoError(t, err)
	require.NoError(t, root.Sync())
	require.NoError(t, root.Close())
	return fs
}

func openOn(ctx context.Context, fs vfs.FS) (*eventnode.Node, error) {
	return eventnode.Open(ctx, eventnode.Options{Clock: clock.System{}, Dir: memoryDir, Insecure: true, ReserveBytes: -1, FS: fs, FreeBytes: plenty})
}

// plenty is the room of a disk that is never full.
func plenty() (int64, error) { return 1 << 40, nil }

// appendOn appends through the node itself, one append after another, and notes each.
func appendOn(ctx context.Context, n *eventnode.Node, s script, appends int, acks *[]ack) error {
	l := s.line(s.stream(0))
	old, _ := n.ReadStream(ctx, l.stream, 0) // none at the first start
	for range old {
		l.event()
	}
	for range appends {
		first, events := l.batch()
		last, err := n.Append(ctx, l.stream, int64(first)-1, events)
		if err != nil {
			return err
		}
		*acks = append(*acks, ack{stream: l.stream, first: first, last: uint64(last), position: n.Head().Position.Commit})
	}
	return nil
}

// sessionOn is a start, some appends, and a clean end.
func sessionOn(fs vfs.FS, s script, appends int, acks *[]ack) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	n, err := openOn(ctx, fs)
	if err != nil {
		return err
	}
	err = appendOn(ctx, n, s, appends, acks)
	return errors.Join(err, n.Close(ctx), n.Err())
}

// verifyOn opens the node on fs and checks it.
func verifyOn(fs vfs.FS, s script, acks []ack) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	n, err := openOn(ctx, fs)
	if err != nil {
		return err
	}
	c := checker{script: s}
	return errors.Join(c.check(ctx, n, acks), n.Close(ctx))
}

// image is what a disk holds.
type image map[string][]byte

// imageOf reads the node's folder.
func imageOf(t *testing.T, fs vfs.FS) image {
	t.Helper()
	files := image{}
	for _, dir := range []string{memoryDir, memoryDir + "/log"} {
		names, err := fs.List(dir)
		require.NoError(t, err)
		for _, name := range names {
			path := dir + "/" + name
			info, err := fs.Stat(path)
			require.NoError(t, err)
			if info.IsDir() {
				continue
			}
			file, err := fs.Open(path)
			require.NoError(t, err)
			files[path], err = io.ReadAll(file)
			require.NoError(t, err)
			require.NoError(t, file.Close())
		}
	}
	return files
}

// disk makes a file system that holds the image, with one file in place of another.
func (i image) disk(path string, changed []byte) (vfs.FS, error) {
	fs := vfs.NewMem()
	if err := fs.MkdirAll(memoryDir+"/log", 0o700); err != nil {
		return nil, err
	}
	for name, data := range i {
		if name == path {
			data = changed
		}
		file, err := fs.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			return nil, err
		}
		_, err = file.Write(append([]byte(nil), data...)) // the file system may change what it is given
		if err = errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
	return fs, nil
}
