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
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
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
		if err := json.Unmarshal(b, &texts); err != nil { // a key that is there twice is an error, too
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
// of its own, value.status.paused for a status, is told by it; the elements of
// a list each, and an empty value takes the blank before it away. A key without
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
	said := ""
	for {
		before, rest, open := strings.Cut(text, "{")
		said += before
		name, after, closed := strings.Cut(rest, "}")
		switch value, known := args[name]; {
		case !open:
			return said
		case !closed || !known:
			said += "{"
			text = rest
		default:
			word := say(texts, name, value)
			if word == "" {
				said = strings.TrimSuffix(said, " ")
			}
			said += word
			text = after
		}
	}
}

// say writes one value for people, or each of a list.
func say(texts map[string]string, name string, value any) string {
	var all []any
	switch v := value.(type) {
	case []any: // a list that went through JSON
		all = v
	case []string:
		for _, s := range v {
			all = append(all, s)
		}
	default:
		return word(texts, name, value)
	}
	if len(all) == 0 {
		return word(texts, name, "")
	}
	words := make([]string, len(all))
	for i, v := range all {
		words[i] = word(texts, name, v)
	}
	return strings.Join(words, texts["list.comma"])
}

// word is the text of one value.
func word(texts map[string]string, name string, value any) string {
	text := plain(value)
	if own, ok := texts["value."+name+"."+text]; ok {
		return own
	}
	return text
}

const timeForm = "2006-01-02 15:04:05 UTC"

func plain(value any) string {
	switch v := value.(type) {
	case domain.Instant:
		return v.UTC().Format(timeForm)
	case string: // a time that went through JSON
		var at domain.Instant
		if at.UnmarshalJSON([]byte(strconv.Quote(v))) == nil {
			return at.UTC().Format(timeForm)
		}
	case float64: // a whole number that went through JSON
		if v == math.Trunc(v) {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return fmt.Sprint(value)
}
