package e2e_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

// papers is an installation in which every form has something to show.
type papers struct {
	*pay
	of map[string]string // path of each form's subject, with its query
}

// roles of the persons of the test.
func roleOf(name string) string {
	switch name {
	case "li", "wang":
		return "technician"
	case "keeper":
		return "storekeeper"
	}
	return "manager"
}

func newPapers(t *testing.T) *papers {
	t.Helper()
	p := &papers{pay: &pay{served: newInstallation(t).withIssuer(t).serve(t), t: t, people: map[string]string{}}, of: map[string]string{}}
	p.opened(t)
	site := p.do(t, call{
		method: http.MethodPost, path: "/v1/sites", token: p.token(t, "admin"), key: "hq", body: `{"code":"hq","name":"一号矿","zone":"Asia/Shanghai"}`,
	})
	require.Equal(t, http.StatusCreated, site.status, site.body)
	for name, called := range map[string]string{"li": "李工", "wang": "王工", "keeper": "周保管", "boss": "赵主任", "zhao": "钱主任", "hr": "孙人事"} {
		r := p.write("hr", "hr", "/v1/persons", `{"site":"hq","external":{"system":"hr","key":"`+name+`"},"name":"`+called+`"}`, http.StatusCreated)
		p.people[name] = read[api.Created](t, r).Id.String()
	}
	p.write("boss", "manager", "/v1/policies", `{"site":"hq","kind":"tools","effective_from":"2020-01-01T00:00:00Z","reason":"台账","content":`+
		`{"stores":[{"code":"main","name":"总库"}],"kinds":[{"code":"wrench","name":"扳手","category":"hand","life_months":36}],"exchange_approval":"manager","issue_approval":"manager"}}`, http.StatusCreated)
	p.write("boss", "manager", "/v1/policies", `{"site":"hq","kind":"keeping","effective_from":"2020-01-01T00:00:00Z","reason":"库房","content":`+
		`{"stocktake_months":1,"climate":{"low_tenths_c":50,"high_tenths_c":350,"humidity_percent":75}}}`, http.StatusCreated)
	signed := []string{compensation, `{"site":"hq","kind":"purchasing","effective_from":"2020-01-01T00:00:00Z","reason":"报废","content":{"scrap":[{"approvals":["manager","manager"]}]}}`}
	for _, policy := range signed {
		r := p.write("boss", "manager", "/v1/policies", policy, http.StatusCreated)
		p.write("zhao", "manager", "/v1/policies/"+read[api.Created](t, r).Id.String()+"/approval", `{"version":1}`, http.StatusOK)
	}
	return p
}

// act is a command of somebody on a thing as it stands.
func (p *papers) act(name, path, body string) {
	p.t.Helper()
	parts := strings.SplitN(path, "/", 5)
	p.n++
	c := call{method: http.MethodPost, path: path, body: body, token: p.as(name, roleOf(name)), key: fmt.Sprint("key-", p.n)}
	if !strings.HasSuffix(path, "/scans") {
		c.match = p.get(p.t, strings.Join(parts[:4], "/"), p.last, "manager").header.Get("ETag")
	}
	p.last = p.do(p.t, c)
	require.Equal(p.t, http.StatusOK, p.last.status, "%s: %s", path, p.last.body)
}

// made is the path of something that is new.
func (p *papers) made(name, path, body string) string {
	p.t.Helper()
	return path + "/" + read[api.Created](p.t, p.write(name, roleOf(name), path, body, http.StatusCreated)).Id.String()
}

func (p *papers) tool(number, use, holder string) string {
	p.t.Helper()
	if holder != "" {
		holder = `,"holder":` + p.person(holder)
	}
	return p.made("keeper", "/v1/tools", `{"site":"hq","number":"`+number+`","kind":"wrench","name":"扳手","spec":"17 mm","brand":"世达","price_fen":5000,`+
		`"purchased_on":"2025-01-10","use":"`+use+`","store":"main"`+holder+`}`)
}

func (p *papers) person(name string) string {
	return `{"kind":"person","who":"` + p.people[name] + `"}`
}

// stands waits until a thing's answer has a text.
func (p *papers) stands(path, text string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return strings.Contains(p.look(path).body, text) }, patience, 20*time.Millisecond, "%s of %s", text, path)
}

// fill has every form's subject come to the middle of its life.
func (p *papers) fill() {
	issued, lent := p.tool("W-1", "personal", ""), p.tool("W-2", "pool", "")
	approval := p.made("keeper", "/v1/approvals", `{"site":"hq","act":"issue","tools":["`+last(issued)+`"],"to":`+p.person("li")+`,"reason":"检修"}`)
	p.act("boss", approval+"/give", `{}`)
	p.act("keeper", issued+"/issue", `{"to":`+p.person("li")+`,"approval":"`+last(approval)+`"}`)
	p.act("li", issued+"/accept", `{}`)
	p.act("keeper", lent+"/lend", `{"to":`+p.person("wang")+`,"until":"`+time.Now().Add(72*time.Hour).UTC().Format(time.RFC3339)+`","purpose":"三号泵检修","responsible":"`+p.people["wang"]+`"}`)
	p.of["issue-slip"], p.of["borrow-record"], p.of["tool-card"] = last(issued)+"?", last(lent)+"?", p.people["li"]+"?"

	p.tool("W-4", "personal", "")
	exchange := p.made("li", "/v1/exchanges", `{"tool":"`+last(p.tool("W-3", "personal", "li"))+`","reason":"扳口磨损"}`)
	p.act("boss", exchange+"/approve", `{}`)
	p.act("keeper", exchange+"/surrender", `{"store":"main","giver":"`+p.people["li"]+`"}`)
	p.of["exchange-application"] = last(exchange) + "?"

	scrap := p.made("keeper", "/v1/scrap-requests", `{"site":"hq","tool":"`+last(p.tool("W-5", "pool", ""))+`","cause":"worn_out","reason":"棘轮磨损"}`)
	p.act("boss", scrap+"/approval", `{}`)
	p.of["scrap-note"] = last(scrap) + "?"

	tool, card := p.lost("W-6")
	p.account(5000, false)
	p.of["loss-report"], p.of["compensation-notice"] = card.Id.String()+"?", card.Id.String()+"?person="+p.people["li"]+"&"
	p.of["lost"] = tool

	count := p.made("keeper", "/v1/stocktakes", `{"site":"hq","scope":{"kind":"store","who":"main"}}`)
	p.stands(count, `"phase":"counting"`)
	p.of["stocktake-sheet"] = last(count) + "?"
}

// goOn has more happen to each of them, a strike among it.
func (p *papers) goOn() {
	id := func(form string) string { return strings.SplitN(p.of[form], "?", 2)[0] }
	issued, exchange := "/v1/tools/"+id("issue-slip"), "/v1/exchanges/"+id("exchange-application")
	seen := p.do(p.t, call{method: http.MethodGet, path: issued + "/strikes/2", token: p.as("boss", "manager")})
	require.Equal(p.t, http.StatusOK, seen.status, seen.body)
	p.act("boss", issued+"/strikes", `{"revision":2,"reason":"签错了人","second_person":"`+p.people["keeper"]+`","confirmation":"`+read[api.ToolCorrection](p.t, seen).Confirmation+`"}`)
	p.act("keeper", "/v1/tools/"+id("borrow-record")+"/return", `{"store":"main","by":"`+p.people["wang"]+`","condition":"good"}`)
	p.act("keeper", exchange+"/inspect", `{"outcome":"no_repair_value","scrap_note":"扳口开裂"}`)
	p.act("zhao", "/v1/scrap-requests/"+id("scrap-note")+"/approval", `{}`)
	p.wages(p.month(), 203_500)
	p.account(1500, false)
	p.act("keeper", "/v1/tools/"+p.of["lost"]+"/found", `{"store":"main"}`)
	p.account(0, true)
	p.act("keeper", "/v1/stocktakes/"+id("stocktake-sheet")+"/scans", `{"scans":[{"number":"W-4","condition":"sound"},{"number":"W-5","condition":"damaged","place":"待报废"}]}`)
	p.act("keeper", "/v1/stocktakes/"+id("stocktake-sheet")+"/results", `{}`)
}

// forms are the forms of docs/forms.md.
func forms() []string {
	return []string{"issue-slip", "tool-card", "borrow-record", "exchange-application", "scrap-note", "loss-report", "compensation-notice", "stocktake-sheet"}
}

// print asks for a form as of a number; of none as of now.
func (p *papers) print(form, lang, asOf string) reply {
	p.t.Helper()
	if asOf != "" {
		asOf = "&as_of=" + asOf
	}
	return p.do(p.t, call{method: http.MethodGet, path: "/v1/forms/" + form + "/" + p.of[form] + "lang=" + lang + asOf, token: p.as("zhao", "manager")})
}

var (
	labels   = regexp.MustCompile(`(?s)<(?:h1|h2|th|span)>(.*?)</(?:h1|h2|th|span)>`)
	tags     = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)
	keys     = regexp.MustCompile(`form\.|\b(title|fact|value|sign|table|holder)_[a-z]`)
	elements = regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed|svg|video|audio|base|meta http-equiv)|\b(src|href|action|on[a-z]+)\s*=|url\(|@import|https?:|//`)
	words    = regexp.MustCompile(`[A-Za-z]+`)
	// identifiers of a form: ids, digests, rules, sources, numbers, the codes
	// of the site's own, keys of staff, and units.
	identifiers = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\b[A-Z]{3}-\d\d\b|\bS\d+\b|\bW-[0-9a-f-]+\b|` +
		`\b(main|wrench|17 mm)\b|hr:(li|wang|keeper|boss|zhao)\b`)
)

// printReady says what a form lacks to be printed and signed by who reads a language.
func printReady(t *testing.T, form, lang string, sheet reply) {
	t.Helper()
	raw, err := os.ReadFile("../messages/" + lang + ".json")
	require.NoError(t, err)
	texts := map[string]string{}
	require.NoError(t, json.Unmarshal(raw, &texts))
	said := map[string]bool{}
	for key, text := range texts {
		said[text] = said[text] || strings.HasPrefix(key, "form.")
	}
	name := form + " " + lang
	require.Equal(t, http.StatusOK, sheet.status, "%s: %s", name, sheet.body)
	require.Contains(t, sheet.header.Get("Content-Type"), "text/html", name)
	require.Contains(t, sheet.header.Get("Content-Security-Policy"), "default-src 'none'", name)
	require.Regexp(t, `@page \{ size: A4 (portrait|landscape)`, sheet.body, name)
	require.Contains(t, sheet.body, `<html lang="`+lang+`">`, name)
	require.Empty(t, elements.FindAllString(sheet.body, -1), "%s loads nothing", name)
	require.Empty(t, keys.FindAllString(sheet.body, -1), "%s shows no key", name)
	require.Contains(t, sheet.body, "<h1>"+html.EscapeString(texts["form.title_"+form])+"</h1>")
	for _, m := range labels.FindAllStringSubmatch(sheet.body, -1) {
		require.True(t, said[html.UnescapeString(m[1])], "%s: %q is not of the catalogue", name, m[1])
	}
	_, signs, _ := strings.Cut(sheet.body, `<p class="sign">`)
	require.GreaterOrEqual(t, strings.Count(signs, "<span>"), 2, "%s is signed", name)
	if lang == "zh" {
		text := html.UnescapeString(tags.ReplaceAllString(sheet.body, " "))
		require.Empty(t, words.FindAllString(identifiers.ReplaceAllString(text, " "), -1), "%s is Chinese: %s", name, text)
	}
}

// Each form is printed by the running program in both languages, ready to sign;
// asked again as of its number, after more has happened to the same things and
// one fact of them was struck, it is the same bytes.
func TestAUD04EachFormComesBackAsItWasPrinted(t *testing.T) {
	t.Parallel()
	p := newPapers(t)
	p.fill()
	number := strconv.FormatInt(read[api.Snapshot](t, p.look("/v1/head")).Number, 10)
	printed := map[string]reply{}
	for _, form := range forms() {
		for _, lang := range []string{"zh", "en"} {
			sheet := p.print(form, lang, "")
			printReady(t, form, lang, sheet)
			require.Equal(t, number, sheet.header.Get("Fieldledger-As-Of"), form)
			require.Equal(t, sheet.body, p.print(form, lang, number).body, form)
			printed[form+lang] = sheet
		}
		require.NotEqual(t, printed[form+"zh"].body, printed[form+"en"].body, form)
	}
	p.goOn()
	over := []string{"borrow-record"} // it is back
	for _, form := range forms() {
		for _, lang := range []string{"zh", "en"} {
			again := p.print(form, lang, number)
			require.Equal(t, printed[form+lang].status, again.status, "%s: %s", form, again.body)
			require.Equal(t, printed[form+lang].body, again.body, "%s as of %s", form, number)
			now := p.print(form, lang, "")
			if slices.Contains(over, form) {
				require.Equal(t, http.StatusNotFound, now.status, form)
				continue
			}
			printReady(t, form, lang, now)
			require.NotEqual(t, body(printed[form+lang]), body(now), "more has happened to what %s shows", form)
		}
	}
	p.stop(t)
	require.NotContains(t, p.run(t, "rebuild"), "DIFFERENT")
}

// body is what a form says, without the number as of which it says it.
func body(sheet reply) string {
	number := sheet.header.Get("Fieldledger-As-Of")
	return strings.Replace(sheet.body, number, "", 1)
}
