package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinMajor is the lowest major version of PostgreSQL that is accepted.
const MinMajor = 14

// BinEnv is the environment variable that names a folder with postgres and
// initdb, looked at before anything but an external address.
const BinEnv = "FIELDLEDGER_PG_BIN"

// Source tells where binaries came from.
type Source string

// The sources, in the order in which Resolve tries them.
const (
	SourceExternal Source = "external address"
	SourceEnv      Source = BinEnv
	SourceCache    Source = "own cache"
	SourcePgConfig Source = "pg_config"
	SourcePath     Source = "PATH"
	SourceFolders  Source = "usual folders"
	SourceFetch    Source = "npm package"
)

// Binaries are the programs of one PostgreSQL build, or an external address.
type Binaries struct {
	URL     string // address of an external server; all other fields but Source are empty then
	Dir     string // folder with postgres and initdb
	Version string // as the server tells it: "15.18"
	Major   int
	Build   string // names the data folder: "pg15-debian"; same build, same files on disk
	Source  Source
}

// Step is one place where Resolve looked and what it found there.
type Step struct {
	Name   string
	Answer string
	OK     bool // binaries (or the external address) came from here
}

// NotFoundError says that no PostgreSQL could be found or fetched. Its text
// names the command that installs one.
type NotFoundError struct {
	Steps []Step // every place tried, in order
}

// Error names the command that helps on this system.
func (e *NotFoundError) Error() string {
	install := "apt-get install postgresql"
	if runtime.GOOS == "darwin" {
		install = "brew install postgresql@18"
	}
	return fmt.Sprintf("no PostgreSQL %d or newer found: run `%s`, or set %s to the folder that holds postgres and initdb, or give the address of a server",
		MinMajor, install, BinEnv)
}

// Resolve finds the binaries to run, or passes on the external address. The
// steps are those tried, the last one the one that succeeded. Errors:
// *NotFoundError when no step succeeded, else the context's. A variable BinEnv
// that is set but useless is an error too: what was asked for by name is not
// replaced by something else.
func Resolve(ctx context.Context, opts Options) (Binaries, []Step, error) {
	opts = opts.withDefaults()
	if opts.ExternalURL != "" {
		step := Step{Name: string(SourceExternal), Answer: "given", OK: true}
		return Binaries{URL: opts.ExternalURL, Source: SourceExternal}, []Step{step}, nil
	}
	chain := []struct {
		source Source
		find   func(context.Context, Options) (Binaries, error)
	}{
		{SourceEnv, findInEnv},
		{SourceCache, findInCache},
		{SourcePgConfig, findByPgConfig},
		{SourcePath, findInPath},
		{SourceFolders, findInFolders},
		{SourceFetch, fetch},
	}
	steps := []Step{{Name: string(SourceExternal), Answer: "none given"}}
	for _, link := range chain {
		bin, err := link.find(ctx, opts)
		if err == nil {
			bin.Source = link.source
			answer := fmt.Sprintf("%s in %s", bin.Version, bin.Dir)
			return bin, append(steps, Step{Name: string(link.source), Answer: answer, OK: true}), nil
		}
		steps = append(steps, Step{Name: string(link.source), Answer: err.Error()})
		if ctx.Err() != nil {
			return Binaries{}, steps, ctx.Err()
		}
		if link.source == SourceEnv && !errors.Is(err, errUnset) {
			return Binaries{}, steps, fmt.Errorf("use %s: %w", BinEnv, err)
		}
	}
	return Binaries{}, steps, &NotFoundError{Steps: steps}
}

var errUnset = errors.New("not set")

func findInEnv(ctx context.Context, opts Options) (Binaries, error) {
	dir := opts.Getenv(BinEnv)
	if dir == "" {
		return Binaries{}, errUnset
	}
	return inspect(ctx, dir)
}

func findInCache(ctx context.Context, opts Options) (Binaries, error) {
	pkg, err := pinnedPackage(opts)
	if err != nil {
		return Binaries{}, err
	}
	return pkg.cached(ctx)
}

func findByPgConfig(ctx context.Context, opts Options) (Binaries, error) {
	tool, err := lookPath(opts, "pg_config")
	if err != nil {
		return Binaries{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, tool, "--bindir").Output() //nolint:gosec // the user's own PATH
	if err != nil {
		return Binaries{}, fmt.Errorf("ask %s: %w", tool, err)
	}
	return inspect(ctx, strings.TrimSpace(string(out)))
}

func findInPath(ctx context.Context, opts Options) (Binaries, error) {
	program, err := lookPath(opts, "postgres")
	if err != nil {
		return Binaries{}, err
	}
	target, err := filepath.EvalSymlinks(program)
	if err != nil {
		return Binaries{}, fmt.Errorf("resolve %s: %w", program, err)
	}
	return inspect(ctx, filepath.Dir(target))
}

// findInFolders takes the highest version in the folders that packagers use.
func findInFolders(ctx context.Context, opts Options) (Binaries, error) {
	var found []Binaries
	for _, pattern := range opts.Folders {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return Binaries{}, fmt.Errorf("search %s: %w", pattern, err)
		}
		for _, dir := range dirs {
			if bin, err := inspect(ctx, dir); err == nil {
				found = append(found, bin)
			}
		}
	}
	if len(found) == 0 {
		return Binaries{}, errors.New("nothing there")
	}
	return slices.MaxFunc(found, func(a, b Binaries) int { return cmp.Compare(a.Major, b.Major) }), nil
}

func usualFolders() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/local/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	}
}

// lookPath finds name in the PATH that opts knows.
func lookPath(opts Options, name string) (string, error) {
	for _, dir := range filepath.SplitList(opts.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if !filepath.IsAbs(path) {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("no %s in PATH", name)
}

// versionLine matches "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+)\S*)(?: \(([A-Za-z]+))?`)

// inspect asks the server program in dir for its version.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return Binaries{}, fmt.Errorf("%s has no %s", dir, name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output() //nolint:gosec // found by the chain
	if err != nil {
		return Binaries{}, fmt.Errorf("run postgres in %s: %w", dir, err)
	}
	match := versionLine.FindStringSubmatch(string(out))
	if match == nil {
		return Binaries{}, fmt.Errorf("postgres in %s gives no version", dir)
	}
	major, err := strconv.Atoi(match[2])
	if err != nil {
		return Binaries{}, fmt.Errorf("read version %q of %s: %w", match[2], dir, err)
	}
	if major < MinMajor {
		return Binaries{}, fmt.Errorf("%s in %s is older than %d", match[1], dir, MinMajor)
	}
	packager := "plain"
	if match[3] != "" {
		packager = strings.ToLower(match[3])
	}
	return Binaries{Dir: dir, Version: match[1], Major: major, Build: fmt.Sprintf("pg%d-%s", major, packager)}, nil
}
