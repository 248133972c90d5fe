package api_test

import (
	"bytes"
	"compress/gzip"
	"strings"
)

// with is newTicket with a part of it replaced.
func with(old, text string) string { return strings.Replace(newTicket, old, text, 1) }

// named is newTicket with another customer, as JSON within the quotes.
func named(json string) string { return with("王小明", json) }

const tickets = "/v1/tickets"

// bodies are bodies that are no JSON of ours.
func (p *place) bodies() map[string]refusal {
	deep := func(levels int) string {
		return `{"kind":"sla","effective_from":"2026-01-01T00:00:00Z","reason":"x","site":"hq","content":` +
			strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) + "}"
	}
	manager := p.f.token("manager")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(newTicket))
	_ = z.Close()
	return map[string]refusal{
		"malformed JSON":        {path: "/v1/tickets", body: `{"site":`, status: 400, key: "body.not_json"},
		"no JSON":               {path: "/v1/tickets", body: `hello`, status: 400, key: "body.not_json"},
		"no body":               {path: "/v1/tickets", header: map[string]string{"Content-Type": "application/json"}, status: 400, key: "body.not_json"},
		"trailing data":         {path: "/v1/tickets", body: newTicket + `{}`, status: 400, key: "body.trailing"},
		"a field twice":         {path: "/v1/tickets", body: strings.Replace(newTicket, `{`, `{"site":"hq",`, 1), status: 400, key: "body.field_twice", pointer: "/site"},
		"an unknown field":      {path: "/v1/tickets", body: strings.Replace(newTicket, `{`, `{"status":"closed",`, 1), status: 400, key: "body.unknown_field", pointer: "/status"},
		"a field in other case": {path: "/v1/tickets", body: strings.Replace(newTicket, `"level"`, `"Level"`, 1), status: 400, key: "body.unknown_field", pointer: "/Level"},
		"not UTF-8":             {path: "/v1/tickets", body: strings.Replace(newTicket, "王", "\xff", 1), status: 400, key: "body.not_utf8"},
		"NUL in a text":         {path: "/v1/tickets", body: strings.Replace(newTicket, "王", `\u0000`, 1), status: 400, key: "body.nul", pointer: "/customer"},
		"too deep":              {path: "/v1/tickets", body: `{"site":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, status: 400, key: "body.too_deep", pointer: "/site" + strings.Repeat("/0", 31)},
		"too large":             {path: "/v1/tickets", body: strings.Repeat(" ", 256<<10) + newTicket, status: 413, key: "body.too_large"},
		"wrong content type":    {path: "/v1/tickets", body: newTicket, header: map[string]string{"Content-Type": "text/plain"}, status: 400, key: "body.content_type"},
		"compressed":            {path: "/v1/tickets", body: newTicket, header: map[string]string{"Content-Encoding": "gzip"}, status: 400, key: "body.content_encoding"},
		"wrong type":            {path: "/v1/tickets", body: strings.Replace(newTicket, `"level":2`, `"level":"`+secret+`"`, 1), status: 422, key: "body.invalid", pointer: "/level"},
		"beyond a maximum":      {path: "/v1/tickets", body: strings.Replace(newTicket, `"level":2`, `"level":9`, 1), status: 422, key: "body.invalid", pointer: "/level"},
		"not in an enum":        {path: "/v1/tickets", body: strings.Replace(newTicket, `"phone",`, `"`+secret+`",`, 1), status: 422, key: "body.invalid", pointer: "/channel"},
		"too long":              {path: "/v1/tickets", body: strings.Replace(newTicket, "13800000000", strings.Repeat(secret, 5), 1), status: 422, key: "body.invalid", pointer: "/phone"},
		"missing field":         {path: "/v1/tickets", body: strings.Replace(newTicket, `"kind":"fault",`, ``, 1), status: 422, key: "body.invalid", pointer: "/kind"},
		"no object":             {path: "/v1/tickets", body: `[]`, status: 422, key: "body.invalid"},
		"null":                  {path: "/v1/tickets", body: `null`, status: 422, key: "body.invalid"},
		"a site that is not":    {path: "/v1/tickets", body: strings.Replace(newTicket, `"hq"`, `"nowhere"`, 1), status: 422, key: "site.unknown", pointer: "/site"},
		"a time in the future":  {path: p.accept, body: `{"at":"2026-03-03T00:00:00Z"}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "time.in_future", pointer: "/at"},
		"a bad time":            {path: p.accept, body: `{"at":"yesterday"}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "body.invalid", pointer: "/at"},

		"33 levels":                {path: "/v1/policies", body: deep(32), token: manager, status: 400, key: "body.too_deep", pointer: "/content" + strings.Repeat("/a", 31)},
		"100,000 levels":           {path: tickets, body: strings.Repeat("[", 100_000), status: 400, key: "body.too_deep", pointer: strings.Repeat("/0", 32)},
		"one byte too many":        {path: tickets, body: newTicket + strings.Repeat(" ", 256<<10-len(newTicket)+1), status: 413, key: "body.too_large"},
		"a byte-order mark":        {path: tickets, body: "\ufeff" + newTicket, status: 400, key: "body.not_json"},
		"UTF-16":                   {path: tickets, body: "\xfe\xff\x00{\x00}", status: 400, key: "body.not_utf8"},
		"an overlong slash":        {path: tickets, body: named("\xc0\xaf"), status: 400, key: "body.not_utf8"},
		"a surrogate in UTF-8":     {path: tickets, body: named("\xed\xa0\x80"), status: 400, key: "body.not_utf8"},
		"beyond Unicode":           {path: tickets, body: named("\xf4\x90\x80\x80"), status: 400, key: "body.not_utf8"},
		"Latin 1 in the header":    {path: tickets, body: newTicket, header: map[string]string{"Content-Type": "application/json; charset=iso-8859-1"}, status: 400, key: "body.content_type"},
		"a form":                   {path: tickets, body: "site=hq", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, status: 400, key: "body.content_type"},
		"several parts":            {path: tickets, body: newTicket, header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, status: 400, key: "body.content_type"},
		"another JSON":             {path: tickets, body: newTicket, header: map[string]string{"Content-Type": "application/merge-patch+json"}, status: 400, key: "body.content_type"},
		"a broken type":            {path: tickets, body: newTicket, header: map[string]string{"Content-Type": "application/json; ="}, status: 400, key: "body.content_type"},
		"no type":                  {path: tickets, body: newTicket, header: map[string]string{"Content-Type": " "}, status: 400, key: "body.content_type"},
		"two types":                {path: tickets, body: newTicket, more: map[string]string{"Content-Type": "text/plain"}, status: 400, key: "body.content_type"},
		"really compressed":        {path: tickets, body: packed.String(), header: map[string]string{"Content-Encoding": "gzip"}, status: 400, key: "body.content_encoding"},
		"an empty encoding":        {path: tickets, body: newTicket, header: map[string]string{"Content-Encoding": " "}, status: 400, key: "body.content_encoding"},
		"the same field by escape": {path: tickets, body: strings.Replace(newTicket, `{`, `{"\u0073ite":"hq",`, 1), status: 400, key: "body.field_twice", pointer: "/site"},
		"a field twice, deep":      {path: "/v1/policies", body: `{"kind":"sla","content":{"a":[1,{"b":1,"b":2}]}}`, token: manager, status: 400, key: "body.field_twice", pointer: "/content/a/1/b"},
		"a field twice, escaped":   {path: "/v1/policies", body: `{"content":{"a/~":1,"a/~":2}}`, token: manager, status: 400, key: "body.field_twice", pointer: "/content/a~1~0"},
		"an empty field name":      {path: tickets, body: strings.Replace(newTicket, `{`, `{"":1,`, 1), status: 400, key: "body.unknown_field", pointer: "/"},
		"__proto__":                {path: tickets, body: strings.Replace(newTicket, `{`, `{"__proto__":{},`, 1), status: 400, key: "body.unknown_field", pointer: "/__proto__"},
		"a huge field name":        {path: tickets, body: strings.Replace(newTicket, `{`, `{"`+strings.Repeat("a", 9000)+`":1,`, 1), status: 400, key: "body.unknown_field", pointer: "/" + strings.Repeat("a", 64) + "…"},
		"a server's field":         {path: tickets, body: strings.Replace(newTicket, `{`, `{"number":"T-1",`, 1), status: 400, key: "body.unknown_field", pointer: "/number"},
		"a comment":                {path: tickets, body: "/* x */" + newTicket, status: 400, key: "body.not_json"},
		"a trailing comma":         {path: tickets, body: strings.TrimSuffix(newTicket, "}") + ",}", status: 400, key: "body.not_json"},
		"single quotes":            {path: tickets, body: `{'site':'hq'}`, status: 400, key: "body.not_json"},
		"a bare name":              {path: tickets, body: `{site:"hq"}`, status: 400, key: "body.not_json"},
		"a number as a name":       {path: tickets, body: `{1:"hq"}`, status: 400, key: "body.not_json"},
		"only blanks":              {path: tickets, body: "  \n ", status: 400, key: "body.not_json"},
		"a missing bracket":        {path: tickets, body: strings.TrimSuffix(newTicket, "}"), status: 400, key: "body.not_json"},
		"a wrong bracket":          {path: tickets, body: `{"site":["hq"}`, status: 400, key: "body.not_json"},
		"a closing bracket first":  {path: tickets, body: `]`, status: 400, key: "body.not_json"},
		"two values":               {path: tickets, body: newTicket + "\n" + newTicket, status: 400, key: "body.trailing"},
		"a text as the whole":      {path: tickets, body: `"hq"`, status: 422, key: "body.invalid"},
		"true as the whole":        {path: tickets, body: `true`, status: 422, key: "body.invalid"},
		"null for a field":         {path: tickets, body: with(`"hq"`, `null`), status: 422, key: "body.invalid", pointer: "/site"},
		"a list for a text":        {path: tickets, body: with(`"hq"`, `["hq"]`), status: 422, key: "body.invalid", pointer: "/site"},
		"an object for a text":     {path: tickets, body: with(`"hq"`, `{"code":"hq"}`), status: 422, key: "body.invalid", pointer: "/site"},
		"SQL for a site":           {path: tickets, body: with(`"hq"`, `"hq'; DROP TABLE ticket; --"`), status: 422, key: "body.invalid", pointer: "/site"},
		"an empty customer":        {path: tickets, body: named(""), status: 422, key: "body.invalid", pointer: "/customer"},
		"nobody to assign to":      {path: p.path + "/assign", body: `{}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "body.invalid"},
		"a clock twice":            {path: p.path + "/pause", body: `{"reason":"parts","clocks":["resolution","resolution"]}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "body.invalid", pointer: "/clocks"},
		"no clock":                 {path: p.path + "/pause", body: `{"reason":"parts","clocks":[]}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "body.invalid", pointer: "/clocks"},
		"an id with braces":        {path: p.path + "/assign", body: `{"team":"{` + lin.String() + `}"}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "body.invalid", pointer: "/team"},
	}
}

// texts are texts that hold what no text may.
func (p *place) texts() map[string]refusal {
	const at = "/customer"
	out := map[string]refusal{
		"NUL as it is":           {path: tickets, body: named("\x00"), status: 400, key: "body.not_json"},
		"a line end as it is":    {path: tickets, body: named("\n"), status: 400, key: "body.not_json"},
		"NUL in a field name":    {path: tickets, body: strings.Replace(newTicket, `{`, `{"a\u0000":1,`, 1), status: 400, key: "body.nul"},
		"a bell in a field name": {path: tickets, body: strings.Replace(newTicket, `{`, `{"a\u0007":1,`, 1), status: 400, key: "body.control"},
		"10,001 characters":      {path: tickets, body: named(strings.Repeat("李", 10_001)), status: 400, key: "body.text_too_long", pointer: at},
		"10,000 characters":      {path: tickets, body: named(strings.Repeat("李", 10_000)), status: 422, key: "body.invalid", pointer: at},
		"a long text in content": {path: "/v1/policies", body: `{"content":{"a":["` + strings.Repeat("x", 10_001) + `"]}}`, token: p.f.token("manager"), status: 400, key: "body.text_too_long", pointer: "/content/a/0"},
		"a bad escape":           {path: tickets, body: named(`\x41`), status: 400, key: "body.not_json"},
		"half an escape":         {path: tickets, body: named(`\u12`), status: 400, key: "body.not_json"},
	}
	for name, c := range map[string]string{
		"a bell": `\u0007`, "escape": `\u001b[2J`, "backspace": `\b`, "form feed": `\f`, "delete": `\u007f`, "a C1 control": `\u0085`, "a C1 control in UTF-8": "\u009b",
	} {
		out[name] = refusal{path: tickets, body: named(c), status: 400, key: "body.control", pointer: at}
	}
	for name, c := range map[string]string{
		"right-to-left override": `\u202e`, "override in UTF-8": "\u202e", "an embedding": `\u202b`, "an isolate": `\u2067`, "a pop": `\u202c`, "a mark": `\u200f`, "an Arabic mark": `\u061c`,
	} {
		out[name] = refusal{path: tickets, body: named("a" + c + "b"), status: 400, key: "body.bidi", pointer: at}
	}
	for name, c := range map[string]string{
		"a high surrogate": `\ud83d`, "a low surrogate": `\uDE00`, "two high ones": `\ud83d\ud83d`, "a pair turned round": `\ude00\ud83d`,
		"a high one and a letter": `\ud83da`, "behind a backslash": `\\\ud83d`,
	} {
		out[name] = refusal{path: tickets, body: named(c), status: 400, key: "body.surrogate"}
	}
	return out
}

// numbers are numbers that are none of ours.
func (p *place) numbers() map[string]refusal {
	out := map[string]refusal{}
	for name, n := range map[string]string{
		"an exponent": "2e0", "a capital exponent": "2E0", "a huge exponent": "1e999999999", "a tiny exponent": "1e-999999999", "a fraction": "2.0", "half": "2.5", "minus nothing": "-0",
		"19 digits": "9223372036854775808", "a thousand digits": strings.Repeat("9", 1000),
	} {
		out[name] = refusal{path: tickets, body: with(`"level":2`, `"level":`+n), status: 400, key: "body.number", pointer: "/level"}
	}
	for name, n := range map[string]string{
		"NaN": "NaN", "Infinity": "Infinity", "a leading zero": "02", "a plus": "+2", "hexadecimal": "0x2", "a point first": ".5", "a point last": "2.", "two points": "2..0", "an underscore": "2_0",
	} {
		out[name] = refusal{path: tickets, body: with(`"level":2`, `"level":`+n), status: 400, key: "body.not_json"}
	}
	for name, n := range map[string]string{"nothing": "0", "a negative": "-1", "18 digits": "999999999999999999", "a text": `"2"`, "true": "true", "null": "null"} {
		out[name] = refusal{path: tickets, body: with(`"level":2`, `"level":`+n), status: 422, key: "body.invalid", pointer: "/level"}
	}
	out["deep in content"] = refusal{path: "/v1/policies", body: `{"content":{"a":[1,1e5]}}`, token: p.f.token("manager"), status: 400, key: "body.number", pointer: "/content/a/1"}
	out["a revision with a fraction"] = refusal{path: p.path + "/strikes", body: `{"revision":0.0,"reason":"x","second_person":"` + subject.String() + `"}`, token: p.f.token("director"), header: map[string]string{"If-Match": p.tag}, status: 400, key: "body.number", pointer: "/revision"}
	return out
}

// times are times that are none.
func (p *place) times() map[string]refusal {
	out := map[string]refusal{}
	for name, v := range map[string]string{
		"without zone": `"2026-03-02T04:00:00"`, "with a blank": `"2026-03-02 04:00:00Z"`, "small letters": `"2026-03-02t04:00:00z"`, "a leap second": `"2016-12-31T23:59:60Z"`,
		"24 hours": `"2026-03-01T24:00:00Z"`, "a day that is not": `"2026-02-30T00:00:00Z"`, "a month that is not": `"2026-13-01T00:00:00Z"`, "a week": `"2026-W10-1T00:00:00Z"`,
		"the year 0": `"0000-01-01T00:00:00+14:00"`, "before 1900": `"1899-12-31T23:59:59Z"`, "the year 9999 beyond": `"9999-12-31T23:59:59-14:00"`, "five digits": `"10000-01-01T00:00:00Z"`,
		"a comma": `"2026-03-02T04:00:00,5Z"`, "a number": `1772424000`, "null": `null`, "a zone of 30 hours": `"2026-03-02T04:00:00+30:00"`, "a blank": `""`, "now": `"now"`,
	} {
		out[name] = refusal{path: p.accept, body: `{"at":` + v + `}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "body.invalid", pointer: "/at"}
	}
	out["far in the future"] = refusal{path: p.accept, body: `{"at":"9999-12-31T00:00:00Z"}`, header: map[string]string{"If-Match": p.tag}, status: 422, key: "time.in_future", pointer: "/at"}
	return out
}
