// Package policies holds the policies that the sets of regulations come with
// (POL-02), so that a program has them wherever it is started. It
// does nothing with them: whoever loads one reads and checks it as any other
// file of a site.
package policies

import "embed"

// Files are the folders of the sets, with a file for each kind: "mine/tools.json".
//
//go:embed */*.json
var Files embed.FS
