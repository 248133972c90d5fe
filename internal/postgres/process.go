package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// pidFile is what a running server tells in postmaster.pid.
type pidFile struct {
	pid       int
	dataDir   string
	socketDir string
	ready     bool // accepts connections
}

func readPidFile(cluster string) (pidFile, error) {
	return readLockFile(filepath.Join(cluster, "postmaster.pid"))
}

// readLockFile reads postmaster.pid, or the lock file of a socket, which has
// the same lines but the last.
func readLockFile(path string) (pidFile, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // a file of our own folders
	if err != nil {
		return pidFile{}, err
	}
	p, err := parseLockFile(raw)
	if err != nil {
		return pidFile{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func parseLockFile(raw []byte) (pidFile, error) {
	lines := strings.Split(string(raw), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	lines = append(lines, make([]string, 8)...) // a server that just starts has written few
	pid, err := strconv.Atoi(lines[0])
	if err != nil || pid <= 0 {
		return pidFile{}, errors.New("names no process")
	}
	return pidFile{pid: pid, dataDir: lines[1], socketDir: lines[4], ready: lines[7] == "ready"}, nil
}

// alive tells whether the process is the server of this data folder. One that
// ended but was not collected by its parent yet is dead, and so is the
// process of somebody else that got the same number.
func (p pidFile) alive() bool {
	if p.pid <= 0 {
		return false
	}
	if err := syscall.Kill(p.pid, 0); err != nil {
		return false // also when the process is another user's: then it is not ours
	}
	if runtime.GOOS != "linux" {
		return true
	}
	if zombie(p.pid) {
		return false
	}
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.pid), "cwd"))
	return err != nil || samePath(cwd, p.dataDir) // a server works in its data folder
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	_, after, found := strings.Cut(string(stat), ") ")
	return found && strings.HasPrefix(after, "Z")
}

// inUse tells whether any process works in the folder. Known on Linux only.
func inUse(cluster string) bool {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return true
	}
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && samePath(cwd, cluster) {
			return true
		}
	}
	return false
}

func samePath(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// dropReusedPidFile removes a pid file whose number now belongs to a process
// that has nothing to do with the folder, as happens when a container starts
// again: the server would believe that number and refuse to start.
func dropReusedPidFile(cluster string) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	p, err := readPidFile(cluster)
	if err != nil || p.alive() || zombie(p.pid) || inUse(cluster) {
		return nil
	}
	if err := syscall.Kill(p.pid, 0); err != nil {
		return nil // gone: the server finds that out by itself
	}
	return os.Remove(filepath.Join(cluster, "postmaster.pid"))
}
