package messages_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/messages"
)

// Whatever a browser says it likes to read, it gets one of our languages.
func FuzzMatch(f *testing.F) {
	for _, s := range []string{"", "zh-CN,zh;q=0.9,en;q=0.8", "en-GB", "*", "de;q=2", "zh-Hant-TW", ";;;", "x-klingon"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		require.Contains(t, messages.Languages(), messages.Match(header))
	})
}

// A text is told whatever its values are.
func FuzzText(f *testing.F) {
	f.Add("zh", "problem.no_such_path", "limit", "{limit}")
	f.Add("xx", "body.too_deep", "limit", "32")
	f.Fuzz(func(t *testing.T, lang, key, name, value string) {
		if key != "" {
			require.NotEmpty(t, messages.Text(lang, key, map[string]any{name: value}))
		}
	})
}
