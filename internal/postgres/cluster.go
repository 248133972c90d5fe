package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// BuildMismatchError says that the data folder holds a cluster of another
// build. Starting an empty one beside it would lose sight of the vault, so
// nothing is started.
type BuildMismatchError struct {
	DataDir string
	Has     string // "pg15-debian"
	Found   string // build of the binaries at hand
}

// Error tells both builds and what to do.
func (e *BuildMismatchError) Error() string {
	return fmt.Sprintf("%s holds a database of %s, but the PostgreSQL at hand is %s: set %s to the folder of the former, or dump the database there and restore it into a new data folder",
		e.DataDir, e.Has, e.Found, BinEnv)
}

const freshPrefix = "new-"

// checkBuild refuses a folder in which another build has a cluster.
func checkBuild(dataDir string, bin Binaries) error {
	others, err := filepath.Glob(filepath.Join(dataDir, "pg*", clusterFolder, "PG_VERSION"))
	if err != nil {
		return fmt.Errorf("search data folder: %w", err)
	}
	var other string
	for _, path := range others {
		build := filepath.Base(filepath.Dir(filepath.Dir(path)))
		if build == bin.Build {
			return nil
		}
		other = build
	}
	if other != "" {
		return &BuildMismatchError{DataDir: dataDir, Has: other, Found: bin.Build}
	}
	return nil
}

// initialize makes the cluster if there is none: beside its place first, so
// that an interrupted one is never taken for a whole one.
func initialize(ctx context.Context, bin Binaries, id identity, cluster string, opts Options) error {
	if _, err := os.Stat(filepath.Join(cluster, "PG_VERSION")); err == nil {
		return nil
	}
	home := filepath.Dir(cluster)
	for _, dir := range []string{opts.DataDir, home} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make data folder: %w", err)
		}
		if err := id.own(dir); err != nil {
			return err
		}
	}
	fresh, err := freshFolder(home, id)
	if err != nil {
		return err
	}
	args := []string{
		"-D", fresh, "-U", adminRole, "-E", "UTF8", "--locale=C",
		"--auth-local=trust", "--auth-host=reject", "--data-checksums",
	}
	if opts.Mode == Test {
		args = append(args, "--no-sync")
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	cmd := id.command(ctx, filepath.Join(bin.Dir, "initdb"), args...)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("initdb in %s: %w: %s", fresh, err, strings.TrimSpace(string(out))), os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, cluster); err != nil {
		return fmt.Errorf("put data folder in place: %w", err)
	}
	return nil
}

// freshFolder makes a folder to initialize in and removes interrupted ones. It
// has a new name each time: the initdb of a killed process may still write.
func freshFolder(home string, id identity) (string, error) {
	left, err := filepath.Glob(filepath.Join(home, freshPrefix+"*"))
	if err != nil {
		return "", fmt.Errorf("search data folder: %w", err)
	}
	for _, folder := range left {
		_ = os.RemoveAll(folder) // the next start tries again
	}
	fresh, err := os.MkdirTemp(home, freshPrefix)
	if err != nil {
		return "", fmt.Errorf("make data folder: %w", err)
	}
	return fresh, id.own(fresh)
}

// prepareDatabase makes the role of the application and its database. The role
// owns the database, so it may create schemas there, and has no other right.
func prepareDatabase(ctx context.Context, adminDSN string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	conn, err := pgx.Connect(ctx, adminDSN)
	if err != nil {
		return fmt.Errorf("connect to new postgres: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, object := range []struct{ exists, create string }{
		{"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", "CREATE ROLE " + appRole + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"},
		{"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", "CREATE DATABASE " + appRole + " OWNER " + appRole},
	} {
		var exists bool
		if err := conn.QueryRow(ctx, object.exists, appRole).Scan(&exists); err != nil {
			return fmt.Errorf("look for %s: %w", appRole, err)
		}
		if exists {
			continue
		}
		if _, err := conn.Exec(ctx, object.create); err != nil {
			return fmt.Errorf("create %s: %w", appRole, err)
		}
	}
	return nil
}
