package vault

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keySize = 32

// MasterFile is the name of the master key's file in the data folder.
const MasterFile = "master.key"

// Key is a master key: whoever has it, the bucket keys and the database can open everything.
// It prints as a placeholder. Comparable.
type Key struct{ secret [keySize]byte }

// String hides the key.
func (Key) String() string { return "master key (hidden)" }

// GoString hides the key.
func (k Key) GoString() string { return k.String() }

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k.secret[:]) // never fails
	return k
}

// ParseKey reads a key from its text form, 64 hex digits. The error does not repeat it.
func ParseKey(text string) (Key, error) {
	var k Key
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != keySize {
		return Key{}, fmt.Errorf("a master key has %d hex digits", 2*keySize)
	}
	copy(k.secret[:], b)
	return k, nil
}

// LoadKey reads the master key of a data folder, and makes it on the first
// start: readable by its owner only, on disk before LoadKey returns. A file
// that others may read is refused. Two processes that start at once get the
// same key.
func LoadKey(dir string) (Key, error) {
	path := filepath.Join(dir, MasterFile)
	k, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := writeKey(path, NewKey()); err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, fmt.Errorf("make master key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) (Key, error) {
	b, err := readPrivate(path)
	if err != nil {
		return Key{}, fmt.Errorf("read master key: %w", err)
	}
	k, err := ParseKey(string(b))
	if err != nil {
		return Key{}, fmt.Errorf("read %s: %w", path, err)
	}
	return k, nil
}

// readPrivate reads a file of keys; one that others may read is refused.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s may be read by others: its mode is %04o, not 0600", path, mode)
	}
	return os.ReadFile(path) //nolint:gosec // the path is the operator's own
}

// writeKey makes the file whole or not at all; fs.ErrExist if another was first.
func writeKey(path string, k Key) error {
	f, err := os.CreateTemp(filepath.Dir(path), MasterFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is linked to its own name by then
	_, err = f.WriteString(hex.EncodeToString(k.secret[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the path is the operator's own
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// derive returns a key for one purpose. It needs both the master key and the
// database, so a copy of the database alone allows no guessing of names.
func (k Key) derive(macKey []byte, purpose string) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, k.secret[:], macKey, "fieldledger vault "+purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("derive key for %s: %w", purpose, err)
	}
	return derived, nil
}
