package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// KeysFile is the name of the bucket keys' file in the folder of Options.Dir:
// sealed by the master key, readable by its owner only. KeysFile with ".lock"
// beside it is empty, and locked by whoever replaces a key.
const KeysFile = "vault.keys"

// ringLabel binds the file's ciphertext to what it is for.
const ringLabel = "fieldledger vault keys"

// ringFile is the ring on disk. Only the holder of its lock writes it.
type ringFile struct {
	path   string
	master tink.AEAD
	fault  func() error // nil but in tests, which end a replacement at a point of their choice
}

// reached says that a replacement has come one step further.
func (f *ringFile) reached() error {
	if f.fault == nil {
		return nil
	}
	return f.fault()
}

// lock lets one process at a time write the file, even one that has lost its
// connection, and with it the lock in the database.
func (f *ringFile) lock(ctx context.Context) (unlock func() error, err error) {
	lock := flock.New(f.path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock %s: %w", f.path, err)
	}
	return lock.Close, nil
}

// read returns the ring; fs.ErrNotExist if there is none yet.
func (f *ringFile) read() (*ring, error) {
	sealed, err := readPrivate(f.path)
	if err != nil {
		return nil, fmt.Errorf("read bucket keys: %w", err)
	}
	plain, err := f.master.Decrypt(sealed, []byte(ringLabel))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", f.path, ErrWrongMasterKey)
	}
	r, err := decodeRing(plain)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	}
	return r, nil
}

// write replaces the file by r, whole or not at all. The bytes of the old one
// are overwritten afterwards.
func (f *ringFile) write(r *ring) error {
	if err := f.replace(r); err != nil {
		return fmt.Errorf("write bucket keys: %w", err)
	}
	return nil
}

func (f *ringFile) replace(r *ring) error {
	sealed, err := f.master.Encrypt(r.encode(), []byte(ringLabel))
	if err != nil {
		return err
	}
	if err := f.sweep(); err != nil {
		return err
	}
	if err := writeSynced(f.unfinished(), sealed); err != nil {
		return err
	}
	if err := f.reached(); err != nil {
		return err
	}
	old := openOld(f.path)
	if err := os.Rename(f.unfinished(), f.path); err != nil {
		return errors.Join(err, closeAny(old))
	}
	if err := syncDir(filepath.Dir(f.path)); err != nil {
		return errors.Join(err, closeAny(old))
	}
	if err := f.reached(); err != nil {
		return errors.Join(err, closeAny(old))
	}
	wipe(old)
	return f.reached()
}

// unfinished is where the next file is written before it takes its place.
func (f *ringFile) unfinished() string { return f.path + ".new" }

// sweep removes what a writer that died has left: it may hold a key that is
// to go.
func (f *ringFile) sweep() error {
	left, err := os.OpenFile(f.unfinished(), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep bucket keys: %w", err)
	}
	wipe(left)
	if err := errors.Join(os.Remove(f.unfinished()), syncDir(filepath.Dir(f.path))); err != nil {
		return fmt.Errorf("sweep bucket keys: %w", err)
	}
	return nil
}

// openOld opens the file that is about to lose its name, so that its bytes
// can be overwritten when it has: before that, a crash would lose them while
// they are still needed. Nil if there is none. Windows renames no open file.
func openOld(path string) *os.File {
	if runtime.GOOS == "windows" {
		return nil
	}
	old, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the path is the operator's own
	if err != nil {
		return nil
	}
	return old
}

// wipe overwrites a file that has lost its name, and closes it. It does what
// it can and no more: a file system that copies on write, its snapshots and
// the spare blocks of a disk may keep the bytes, and so does a crash just
// before. No file has them then, but a study of the disk might find them.
func wipe(f *os.File) {
	if f == nil {
		return
	}
	if info, err := f.Stat(); err == nil {
		if _, err := f.WriteAt(make([]byte, info.Size()), 0); err == nil {
			_ = f.Sync()
		}
	}
	_ = f.Close()
}

func closeAny(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// writeSynced makes a file that is on disk when it returns, readable by its owner only.
func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the path is the operator's own
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}
