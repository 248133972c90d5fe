package main

import (
	"fmt"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints the version of the module, "dev" for a build from a work tree.
func (versionCmd) Run(t *terminal) error {
	_, err := fmt.Fprintln(t.out, "fieldledger", version())
	return err
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
