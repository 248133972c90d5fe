// Package labels makes print-ready sheets of labels for tools, each with a QR
// code by which the tool is found (TOL-01, ADR 0020).
//
// The sheet is one HTML page with print rules for A4 that needs nothing from
// elsewhere: the reader's own browser prints it, with the fonts of that
// machine, so Chinese and Latin text both come out. The package never reads a
// tool, holds no personal data, and the same labels always give the same bytes.
package labels

import (
	"bytes"
	_ "embed" // the sheet
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/google/uuid"
)

// ErrCode says that a text is no code of a label.
var ErrCode = errors.New("not the code of a label")

// prefix tells our codes from others that a scanner meets.
const prefix = "FLT-"

// Code returns what the label of a tool says to a scanner: letters, digits and
// a dash only, which makes the smallest QR code.
func Code(tool uuid.UUID) string { return prefix + strings.ToUpper(hex.EncodeToString(tool[:])) }

// Tool returns the tool whose label says code; ErrCode if none does.
func Tool(code string) (uuid.UUID, error) {
	text, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(code)), prefix)
	b, err := hex.DecodeString(text)
	if !ok || err != nil || len(b) != len(uuid.UUID{}) {
		return uuid.Nil, ErrCode
	}
	return uuid.UUID(b), nil
}

// Label is what one label shows.
type Label struct {
	Tool   uuid.UUID
	Number string
	Name   string
	Spec   string
	Home   string // code of its store
}

// Texts are the words on a sheet, in the language of Lang ("zh", "en").
type Texts struct {
	Lang, Title, Spec, Home string
	More                    string // said below a sheet after which others come; "" for the last
}

//go:embed sheet.html
var page string

var sheet = template.Must(template.New("sheet").Parse(page))

// Sheet returns the page with the labels, HTML in UTF-8. An error is a bug or a
// lack of memory, never a matter of what the labels say.
func Sheet(all []Label, texts Texts) ([]byte, error) {
	type cell struct {
		Label
		Code  string
		Image template.URL
	}
	cells := make([]cell, len(all))
	for i, l := range all {
		code := Code(l.Tool)
		picture, err := picture(code)
		if err != nil {
			return nil, fmt.Errorf("draw code of tool %s: %w", l.Number, err)
		}
		cells[i] = cell{l, code, template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture))} //nolint:gosec // our own picture
	}
	var b bytes.Buffer
	if err := sheet.Execute(&b, struct {
		Texts
		Cells []cell
	}{texts, cells}); err != nil {
		return nil, fmt.Errorf("write sheet of labels: %w", err)
	}
	return b.Bytes(), nil
}

const (
	quiet  = 4 // modules of white around a code, as the norm asks for
	pixels = 6 // a module
)

// picture returns the QR code of a text as PNG. A quarter of it may be dirty.
func picture(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.Q, qr.AlphaNumeric)
	if err != nil {
		return nil, err
	}
	modules := code.Bounds().Dx()
	side := (modules + 2*quiet) * pixels
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range modules * pixels {
		for x := range modules * pixels {
			if r, _, _, _ := code.At(x/pixels, y/pixels).RGBA(); r == 0 {
				img.SetColorIndex(x+quiet*pixels, y+quiet*pixels, 1)
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}
