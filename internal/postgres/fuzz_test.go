package postgres_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/postgres"
)

// What a server, or anybody else, has left in its lock file names a process or
// is refused.
func FuzzLockFile(f *testing.F) {
	f.Add([]byte("123\n/data\n1764000000\n5432\n/tmp\nlocalhost\n 5432001 65536\nready   \n"))
	f.Add([]byte("-1\n"))
	f.Add([]byte("99999999999999999999"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		pid, err := postgres.ParseLockFile(raw)
		require.Equal(t, err != nil, pid == 0)
		require.GreaterOrEqual(t, pid, 0)
	})
}

// Whatever an archive holds, nothing is written or linked outside its folder.
func FuzzUnpack(f *testing.F) {
	pack := func(links string, names ...string) []byte {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for _, name := range append(names, "package/native/pg-symlinks.json") {
			content := []byte(links)
			require.NoError(f, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}))
			_, err := w.Write(content)
			require.NoError(f, err)
		}
		require.NoError(f, w.Close())
		return out.Bytes()
	}
	f.Add(pack(`[{"source":"native/lib/a.so.1","target":"native/lib/a.so"}]`, "package/native/lib/a.so.1"))
	f.Add(pack(`[{"source":"native/x","target":"native/a/b"},{"source":"native/out","target":"native/a/b/c"}]`, "package/native/x/f", "package/native/a/f"))
	f.Add(pack(`[{"source":"native/../../etc","target":"native/c"}]`))
	f.Add(pack(`[]`, "package/native/../../out"))
	f.Add(pack(`[]`, "package/native//abs"))
	f.Add([]byte("no archive"))
	z, err := gzip.NewWriterLevel(io.Discard, gzip.NoCompression) // to make one takes longer than all the rest
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, plain []byte) {
		above := t.TempDir()
		var zipped bytes.Buffer
		z.Reset(&zipped)
		_, err := z.Write(plain)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		_ = postgres.Unpack(&zipped, filepath.Join(above, "in")) // refused or not: it stays inside
		entries, err := os.ReadDir(above)
		require.NoError(t, err)
		for _, e := range entries {
			require.Equal(t, "in", e.Name())
		}
		require.NoError(t, filepath.WalkDir(above, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type()&fs.ModeSymlink != 0 {
				target, err := os.Readlink(path)
				require.NoError(t, err)
				inside, err := filepath.Rel(filepath.Join(above, "in"), filepath.Join(filepath.Dir(path), target))
				require.NoError(t, err)
				require.True(t, filepath.IsLocal(inside), target)
			}
			return err
		}))
	})
}
