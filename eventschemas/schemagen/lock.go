package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
)

// lock lists the hex SHA-256 of each file by name, one line each, as
// sha256sum writes them.
func lock(files map[string][]byte) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%x  schemas/%s\n", sha256.Sum256(files[name]), name)
	}
	return b.Bytes()
}
