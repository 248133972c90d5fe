package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// identity is who the server's programs run as: PostgreSQL refuses to run as
// root and as a user id without a name.
type identity struct {
	name     string
	attr     func() *syscall.SysProcAttr
	uid, gid int // owner of the files, seen from outside
}

const (
	identitySelf      = "self"
	identityNamespace = "namespace"
	identitySwitch    = "switch"
)

// command runs a program of the build as this identity, in a session of its
// own so that Ctrl-C reaches us alone, and with nothing of our environment
// that could change what it does. It outlives ctx's end: who starts it stops it.
func (id identity) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // programs of the resolved build
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = "/"
	cmd.SysProcAttr = id.attr()
	cmd.SysProcAttr.Setsid = true
	return cmd
}

// own gives path to the identity. Only root can, and only root has to.
func (id identity) own(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	if err := os.Lchown(path, id.uid, id.gid); err != nil {
		return fmt.Errorf("give %s to user %d: %w", path, id.uid, err)
	}
	return nil
}

// takeOver gives the folders and the cluster to the identity if root used
// another one before. Data of any other user stays theirs and is refused.
func (id identity) takeOver(dataDir, cluster string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(cluster)
	if err != nil {
		return fmt.Errorf("look at data folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == id.uid {
		return nil
	}
	if !slices.ContainsFunc(candidates(), func(c identity) bool { return c.uid == int(stat.Uid) }) {
		return fmt.Errorf("%s belongs to user %d: run as that user", cluster, stat.Uid)
	}
	if err := id.own(dataDir); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Dir(cluster), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return id.own(path)
	})
}

// findIdentity takes the first identity that can run the build's programs:
// ourselves, else ourselves under another name, else another user. The second
// is a convenience and drops no right: files stay ours.
func findIdentity(ctx context.Context, bin Binaries, force string) (identity, error) {
	_, noName := user.LookupId(strconv.Itoa(os.Geteuid()))
	var errs []error
	for _, id := range candidates() {
		if force != "" && id.name != force {
			continue
		}
		if id.name == identitySelf && (os.Geteuid() == 0 || noName != nil) {
			continue
		}
		err := probe(ctx, id, bin)
		if err == nil {
			return id, nil
		}
		errs = append(errs, fmt.Errorf("as %s: %w", id.name, err))
	}
	return identity{}, fmt.Errorf("PostgreSQL does not run as user %d, and no other way works: %w", os.Geteuid(), errors.Join(errs...))
}

func probe(ctx context.Context, id identity, bin Binaries) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return id.command(ctx, filepath.Join(bin.Dir, "initdb"), "--version").Run()
}

func candidates() []identity {
	ids := []identity{{
		name: identitySelf, uid: os.Geteuid(), gid: os.Getegid(),
		attr: func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} },
	}}
	ids = append(ids, namespaceIdentity()...)
	if os.Geteuid() != 0 {
		return ids
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 31)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 31)
		if uidErr != nil || gidErr != nil {
			continue
		}
		ids = append(ids, identity{
			name: identitySwitch, uid: int(uid), gid: int(gid),
			attr: func() *syscall.SysProcAttr {
				return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}} //nolint:gosec // parsed with 31 bits
			},
		})
	}
	return ids
}
