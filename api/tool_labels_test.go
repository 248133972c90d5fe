package api_test

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func TestTOL01ScanningALabelFindsTheTool(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for n := range 3 {
		f.reads.tools = append(f.reads.tools, api.Tool{
			Id: uuid.New(), Site: "hq", Revision: 4, Number: "W-" + string(rune('1'+n)), Name: "扳手", Home: "main", PurchasedOn: "2025-01-10", Use: "personal",
			Standing: "issued", Holder: api.Holder{Kind: "person", Who: lin.String()}, Since: domain.At(noon),
		})
	}
	sheet := f.get("/v1/tool-labels?site=hq&lang=en&holder_kind=store&holder=main&limit=2", "storekeeper")
	require.Equal(t, http.StatusOK, sheet.status, sheet.body)
	require.Equal(t, tool.Holder{Kind: tool.Store, Who: "main"}, *f.reads.narrow.Holder)
	require.Contains(t, sheet.header.Get("Content-Type"), "text/html")
	require.Contains(t, sheet.header.Get("Content-Security-Policy"), "img-src data:")
	require.Contains(t, sheet.body, "Store main")
	next := sheet.header.Get("Fieldledger-Next")
	require.NotEmpty(t, next)
	rest := f.get("/v1/tool-labels?site=hq&lang=en&holder_kind=store&holder=main&limit=2&cursor="+url.QueryEscape(next), "storekeeper")
	require.Equal(t, http.StatusOK, rest.status, rest.body)
	require.Empty(t, rest.header.Get("Fieldledger-Next"))
	require.Contains(t, f.get("/v1/tool-labels?limit=1", "storekeeper").body, "库房 main")

	codes := regexp.MustCompile(`base64,([^"]+)"`).FindAllStringSubmatch(sheet.body+rest.body, -1)
	require.Len(t, codes, 3)
	for n, m := range codes {
		b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(m[1], "&#43;", "+"))
		require.NoError(t, err)
		img, err := png.Decode(bytes.NewReader(b))
		require.NoError(t, err)
		bits, err := gozxing.NewBinaryBitmapFromImage(img)
		require.NoError(t, err)
		scanned, err := qrcode.NewQRCodeReader().Decode(bits, nil)
		require.NoError(t, err)
		card := f.get("/v1/tool-labels/"+scanned.GetText(), "technician")
		require.Equal(t, http.StatusOK, card.status, card.body)
		require.Equal(t, f.reads.tools[n].Id, decode[api.ToolCard](t, card).Tool.Id)
	}
	require.Equal(t, http.StatusBadRequest, f.get("/v1/tool-labels/W-1", "technician").status)
	require.Equal(t, http.StatusNotFound, f.get("/v1/tool-labels/FLT-"+strings.Repeat("0", 32), "technician").status)
}
