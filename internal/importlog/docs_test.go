package importlog_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/importlog"
)

func TestTheExamplesOfTheDocumentAreMappings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/import.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	require.Len(t, examples, 2)
	for _, e := range examples {
		_, err := importlog.ParseMapping(e[1])
		require.NoError(t, err)
	}
}
