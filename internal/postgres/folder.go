package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

const (
	socketPrefix = "flpg-"
	socketFile   = ".s.PGSQL.5432"
	ownerFile    = "owner"
	maxSocket    = 100 // bytes of a socket's path; systems allow 104 or 108

	temporaryPrefix = "fieldledger-pg-"
	memoryFolder    = "/dev/shm"
	memoryWanted    = 512 << 20 // bytes
)

// claimed is a folder that belongs to this process: the lock on its owner
// file ends with the process, so others can tell what was left behind.
type claimed struct {
	path string
	lock *flock.Flock
}

// claim makes a folder below parent that nobody else may enter.
func claim(parent, prefix string) (*claimed, error) {
	path, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	lock := flock.New(filepath.Join(path, ownerFile))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("lock folder %s", path), err, os.RemoveAll(path))
	}
	return &claimed{path: path, lock: lock}, nil
}

// remove deletes the folder and everything in it.
func (c *claimed) remove() error {
	return errors.Join(os.RemoveAll(c.path), c.lock.Close())
}

// claimSocketFolder makes a folder whose path is short enough for a socket and
// sweeps away those of processes that are gone.
func claimSocketFolder() (*claimed, error) {
	parent := os.TempDir()
	if len(parent)+len(socketPrefix)+len("/0123456789/")+len(socketFile) > maxSocket {
		parent = "/tmp"
	}
	sweep(parent, socketPrefix, socketIsLive)
	return claim(parent, socketPrefix)
}

// sweep removes the claimed folders below parent that no process owns and that
// live does not want to keep. What cannot be judged stays.
func sweep(parent, prefix string, live func(folder string) bool) {
	folders, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
	if err != nil {
		return
	}
	for _, folder := range folders {
		lock := lockAbandoned(folder)
		if lock == nil {
			continue
		}
		if !live(folder) {
			_ = os.RemoveAll(folder) // the next sweep tries again
		}
		_ = lock.Close()
	}
}

// lockAbandoned locks the owner file of a claimed folder whose owner is gone.
// It returns nil for any other folder, and for one that is not ours to see.
func lockAbandoned(folder string) *flock.Flock {
	owner := filepath.Join(folder, ownerFile)
	if info, err := os.Lstat(owner); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	lock := flock.New(owner)
	if ok, err := lock.TryLock(); err != nil || !ok {
		return nil
	}
	return lock
}

func isAbandoned(folder string) bool {
	lock := lockAbandoned(folder)
	if lock == nil {
		return false
	}
	_ = lock.Close()
	return true
}

// socketIsLive tells whether a server still listens in the folder.
func socketIsLive(folder string) bool {
	p, err := readLockFile(filepath.Join(folder, socketFile+".lock"))
	return err == nil && p.alive()
}

// claimDataFolder makes a data folder for a temporary server, in memory if
// there is room, and sweeps away those of processes that are gone.
func claimDataFolder() (*claimed, error) {
	parent := os.TempDir()
	if hasRoom(memoryFolder, memoryWanted) {
		parent = memoryFolder
	}
	sweep(parent, temporaryPrefix, temporaryIsLive)
	return claim(parent, temporaryPrefix)
}

func hasRoom(folder string, bytes uint64) bool {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return false
	}
	return syscall.Access(folder, 2) == nil && stat.Bavail*uint64(stat.Bsize) >= bytes //nolint:gosec // a block size is positive
}

// temporaryIsLive stops the server that a killed process and its watchdog left
// in the folder, and tells whether one is still there.
func temporaryIsLive(folder string) bool {
	clusters, err := filepath.Glob(filepath.Join(folder, "*", clusterFolder))
	if err != nil {
		return true
	}
	for _, cluster := range clusters {
		p, err := readPidFile(cluster)
		if err == nil && p.alive() && !interrupt(p) {
			return true
		}
	}
	return false
}

// interrupt stops a server that has no owner any more, and tells whether it went.
func interrupt(p pidFile) bool {
	if err := syscall.Kill(p.pid, syscall.SIGINT); err != nil {
		return false
	}
	for range stopWithin / pollEvery {
		if !p.alive() {
			return true
		}
		time.Sleep(pollEvery)
	}
	return false
}
