package exportlog_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/exportlog"
)

// A value that is written is read back as it was, whatever characters it has:
// in CSV with its line ends as spaces, in XES without what XML cannot hold.
func FuzzRoundTrip(f *testing.F) {
	f.Add("T-1", "registered", "a,b;\"c\" <&>", true)
	f.Add("\ufeffT", "é\r\n", "\x00\x1b\ud7ff", false)
	f.Add("=1+1", " ", "\ufffe]]>", false)
	f.Fuzz(func(t *testing.T, ticket, activity, note string, asCSV bool) {
		if ticket == "" || !utf8.ValidString(ticket+activity+note) {
			return // no ticket has these
		}
		format := exportlog.XES
		if asCSV {
			format = exportlog.CSV
		}
		var out bytes.Buffer
		require.NoError(t, exportlog.WriteRow(&out, format, ticket, activity, note))
		want := []string{ticket, activity, note}
		if asCSV {
			lines := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")
			rows, err := csv.NewReader(&out).ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, 2)
			for i, w := range want {
				require.Contains(t, rows[1], lines.Replace(w), i)
			}
			return
		}
		seen := map[string]bool{}
		for d := xml.NewDecoder(&out); ; {
			token, err := d.Token()
			if err == io.EOF { //nolint:errorlint // as encoding/xml returns it
				break
			}
			require.NoError(t, err)
			if start, ok := token.(xml.StartElement); ok {
				for _, a := range start.Attr {
					seen[a.Value] = true
				}
			}
		}
		for _, w := range want {
			require.True(t, w == "" || seen[strings.Map(inXML, w)], "%q", w)
		}
	})
}

// inXML is what a character of a text becomes in XML 1.0.
func inXML(c rune) rune {
	if c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xd7ff || c >= 0xe000 && c <= 0xfffd || c >= 0x10000 {
		return c
	}
	return '\ufffd'
}
