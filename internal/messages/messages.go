// Package messages is the catalogue of texts for people, in English and
// Chinese: what a rule's refusal or a fault says, by the key that the program
// carries.
//
// It decides nothing, holds no personal data and never fails: a key without a
// text is its own text. A test sees to it that every key in the program has a
// text in each language, and that no text is left over.
package messages

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"github.com/fieldledger/fieldledger/domain"
)

// The languages of the catalogue.
const (
	English = "en"
	Chinese = "zh"
)

// Languages lists the languages; the first is the one for everybody else.
func Languages() []string { return []string{English, Chinese} }

//go:embed en.json zh.json
var files embed.FS

// catalogue holds the texts by language and key.
var catalogue = sync.OnceValue(func() map[string]map[string]string {
	all := make(map[string]map[string]string)
	for _, lang := range Languages() {
		b, err := files.ReadFile(lang + ".json")
		if err != nil {
			panic("messages: " + err.Error())
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			panic("messages: " + lang + ".json: " + err.Error())
		}
		all[lang] = texts
	}
	return all
})

var matcher = sync.OnceValue(func() language.Matcher {
	return language.NewMatcher([]language.Tag{language.English, language.Chinese})
})

// Match returns the catalogue's best language for an Accept-Language header;
// English for none, an unknown or a malformed one.
func Match(acceptLanguage string) string {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return English
	}
	_, index, _ := matcher().Match(tags...)
	return Languages()[index]
}

// Text returns the text of key in lang (English for an unknown language) with
// the values of args in the places of their {name}s. A value that has a text
// of its own, value.status.paused for a status, is told by it. A key without
// a text is returned as it stands, and so is a place without a value.
func Text(lang, key string, args map[string]any) string {
	texts, ok := catalogue()[lang]
	if !ok {
		texts = catalogue()[English]
	}
	text, ok := texts[key]
	if !ok {
		return key
	}
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(text, "{")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		switch value, known := args[name]; {
		case !open:
			return b.String()
		case !closed || !known:
			b.WriteByte('{')
			text = rest
		default:
			b.WriteString(say(texts, name, value))
			text = after
		}
	}
}

// say writes one value for people.
func say(texts map[string]string, name string, value any) string {
	text := plain(value)
	if own, ok := texts["value."+name+"."+text]; ok {
		return own
	}
	return text
}

func plain(value any) string {
	switch v := value.(type) {
	case domain.Instant:
		return v.UTC().Format("2006-01-02 15:04:05 UTC")
	case float64: // a whole number that went through JSON
		if v == math.Trunc(v) {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return fmt.Sprint(value)
}
