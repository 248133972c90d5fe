package labels_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api/labels"
)

// pictures returns the codes on a sheet as they are printed.
func pictures(t *testing.T, sheet []byte) []image.Image {
	t.Helper()
	var out []image.Image
	for _, m := range regexp.MustCompile(`src="data:image/png;base64,([^"]+)"`).FindAllSubmatch(sheet, -1) {
		b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(m[1]), "&#43;", "+"))
		require.NoError(t, err)
		img, err := png.Decode(bytes.NewReader(b))
		require.NoError(t, err)
		out = append(out, img)
	}
	return out
}

func scan(t *testing.T, img image.Image) (string, error) {
	t.Helper()
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	require.NoError(t, err)
	res, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		return "", err
	}
	return res.GetText(), nil
}

func tools(n int) []labels.Label {
	out := make([]labels.Label, n)
	for i := range out {
		out[i] = labels.Label{
			Tool: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)), Number: fmt.Sprintf("GJ-%04d", i), Name: "扭力扳手 <大>", Spec: "40-200 Nm", Home: "main",
		}
	}
	return out
}

var zh = labels.Texts{Lang: "zh", Title: "工具标签", Spec: "规格", Home: "库房"}

func TestTOL01ThePrintedCodeIsReadBack(t *testing.T) {
	t.Parallel()
	want := tools(50)
	sheet, err := labels.Sheet(want, zh)
	require.NoError(t, err)
	again, err := labels.Sheet(want, zh)
	require.NoError(t, err)
	require.Equal(t, sheet, again)
	read := pictures(t, sheet)
	require.Len(t, read, len(want))
	for i, img := range read {
		code, err := scan(t, img)
		require.NoError(t, err)
		id, err := labels.Tool(code)
		require.NoError(t, err)
		require.Equal(t, want[i].Tool, id)
	}
	require.Contains(t, string(sheet), "扭力扳手 &lt;大&gt;")
	require.Contains(t, string(sheet), `<html lang="zh">`)
}

// photo is a code as a camera sees it: turned by nothing, but grey, smaller
// and with a spot of dirt.
func photo(img image.Image, side, dirt int) image.Image {
	out := image.NewGray(image.Rect(0, 0, side, side))
	b := img.Bounds()
	for y := range side {
		for x := range side {
			v := color.GrayModel.Convert(img.At(x*b.Dx()/side, y*b.Dy()/side)).(color.Gray).Y
			v = 60 + v/2
			if x > side/2 && x < side/2+dirt && y > side/2 && y < side/2+dirt {
				v = 60
			}
			out.SetGray(x, y, color.Gray{Y: v})
		}
	}
	return out
}

func TestTOL01ADirtyLabelIsStillRead(t *testing.T) {
	t.Parallel()
	sheet, err := labels.Sheet(tools(5), zh)
	require.NoError(t, err)
	for _, img := range pictures(t, sheet) {
		_, err := scan(t, photo(img, 200, 20))
		require.NoError(t, err)
		_, err = scan(t, photo(img, 200, 120))
		require.Error(t, err, "a code that is covered is not guessed")
	}
}

func TestWhatIsNoLabelIsNoTool(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	found, err := labels.Tool(" " + strings.ToLower(labels.Code(id)) + "\n")
	require.NoError(t, err)
	require.Equal(t, id, found)
	for _, other := range []string{"", "FLT-", id.String(), "FLT-" + id.String(), labels.Code(id) + "0", "https://example.com"} {
		_, err := labels.Tool(other)
		require.ErrorIs(t, err, labels.ErrCode, other)
	}
}
