package postgres

import (
	"context"
	"io"
)

// The names of the identities, for tests that force one.
const (
	IdentitySelf      = identitySelf
	IdentityNamespace = identityNamespace
	IdentitySwitch    = identitySwitch
)

// As forces an identity.
func (o Options) As(identity string) Options {
	o.identity = identity
	return o
}

// WithPackages replaces the pinned packages.
func (o Options) WithPackages(integrity map[string]string) Options {
	o.packages = integrity
	return o
}

// Identities lists the identities that work here with the binaries.
func Identities(ctx context.Context, bin Binaries) []string {
	var names []string
	for _, name := range []string{IdentitySelf, IdentityNamespace, IdentitySwitch} {
		if _, err := findIdentity(ctx, bin, name); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// Pid returns the number of the server's process, WatchdogPid that of its watchdog.
func (s *Server) Pid() int         { return s.cmd.Process.Pid }
func (s *Server) WatchdogPid() int { return s.guard.cmd.Process.Pid }

// SocketDir returns the folder of the server's socket.
func (s *Server) SocketDir() string { return s.socketDir }

// ParseLockFile returns the process that a lock file names.
func ParseLockFile(raw []byte) (pid int, err error) {
	p, err := parseLockFile(raw)
	return p.pid, err
}

// Unpack unpacks an archive of at most 64 KiB.
func Unpack(archive io.Reader, dir string) error { return unpack(archive, dir, 1<<16) }
