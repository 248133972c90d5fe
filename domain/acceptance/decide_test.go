package acceptance_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var noon = domain.At(time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC))

const toolRules = `{"stores":[{"code":"main"}],"kinds":[{"code":"wrench","category":"hand"},{"code":"jig","category":"tooling"},{"code":"box","category":"container"}]}`

func recorded(kind policy.Kind, content []byte) policy.Recorded {
	return policy.Recorded{Version: policy.VersionRecorded{Kind: kind, Site: "plant", Version: 1, Hash: "h", Content: content}}
}

func bookOf(t *testing.T, versions ...policy.Recorded) *policy.Book {
	t.Helper()
	book, err := policy.NewBook(versions)
	require.NoError(t, err)
	return book
}

// shipped is the policy of purchasing of a set as it is shipped.
func shipped(t *testing.T, set string) policy.Recorded {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "deploy", "policies", set, "purchasing.json"))
	require.NoError(t, err)
	var file struct {
		Content json.RawMessage `json:"content"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	return recorded(policy.KindPurchasing, file.Content)
}

func signs(person string, roles ...string) approval.Signer {
	return approval.Signer{Person: person, Roles: roles}
}

func TestSTK04WhoAcceptsWhatInEverySet(t *testing.T) {
	t.Parallel()
	for _, set := range []string{"mine", "workshop", "plant", "appliance-service", "power-station"} {
		for variant, c := range map[policy.Variant]struct {
			needs []string
			trial bool // of important ones
		}{
			policy.Equipment:       {[]string{"equipment", policy.AnyUser}, false},
			policy.ToolVariant:     {[]string{"equipment"}, false},
			policy.StandardTooling: {[]string{"inspection"}, true},
			policy.SpecialTooling:  {[]string{"inspection"}, true},
			policy.Container:       {[]string{"process"}, false},
			policy.Consumable:      {[]string{"equipment"}, false},
		} {
			for _, class := range []acceptance.Class{acceptance.General, acceptance.Important} {
				t.Run("STK-04 "+set+": "+string(class)+" "+string(variant), func(t *testing.T) {
					t.Parallel()
					events, err := acceptance.Decide(acceptance.State{}, acceptance.Deliver{
						Book: bookOf(t, shipped(t, set)),
						Delivered: acceptance.Delivered{
							At: noon, Site: "plant", Purchase: "p", Variant: variant, Count: 1, Note: "DN", Class: class, Buyers: []string{"buyer"}, By: "li",
						},
					})
					require.NoError(t, err)
					e := events[0].(acceptance.Delivered)
					require.Equal(t, c.needs, e.Needs)
					require.Equal(t, c.trial && class == acceptance.Important, e.Trial)
				})
			}
		}
	}
}

func TestSTK04FromTheDeliveryToTheStore(t *testing.T) { // STK-03, STK-04, STK-07
	t.Parallel()
	rules := recorded(policy.KindTools, []byte(toolRules))
	routes := recorded(policy.KindPurchasing, []byte(`{"items":[{"code":"bit"}],"purchase":[],"demand":[],"scrap":[],"acceptance":[{"approvals":["equipment"]}]}`))
	book, noTools, onlyTools := bookOf(t, rules, routes), bookOf(t, routes), bookOf(t, rules)
	noRoute := bookOf(t, rules, recorded(policy.KindPurchasing, []byte(`{"items":[],"purchase":[],"demand":[],"scrap":[],"acceptance":[]}`)))
	delivered := acceptance.Delivered{
		At: noon, Site: "plant", Purchase: "p", Variant: policy.ToolVariant, Code: "wrench", Count: 3, Note: "DN", Class: acceptance.General,
		Buyers: []string{"buyer"}, By: "li", Needs: []string{"equipment"}, Policy: domain.PolicyRef{Version: 1, Hash: "h"},
	}
	of := func(change func(*acceptance.Delivered)) acceptance.Delivered { d := delivered; change(&d); return d }
	deliver := func(change func(*acceptance.Deliver)) acceptance.Deliver {
		c := acceptance.Deliver{Delivered: of(func(d *acceptance.Delivered) {
			d.Needs, d.Class, d.Policy = nil, "", domain.PolicyRef{}
		}), Book: book}
		change(&c)
		return c
	}
	plain := deliver(func(*acceptance.Deliver) {})
	ok := acceptance.Checked{At: noon, Signed: approval.Signature{Role: "equipment", By: "e"}, Passed: true, Document: "R-1", Findings: []acceptance.Finding{}}
	bad := ok
	bad.Passed = false
	given := []acceptance.Event{delivered}
	checked := []acceptance.Event{delivered, ok}
	failed := []acceptance.Event{delivered, bad}
	over := []acceptance.Event{delivered, ok, acceptance.Rejected{At: noon, Count: 3, Reason: "bent", By: "e"}}
	equipment := signs("e", "equipment")
	check := func(change func(*acceptance.Check)) acceptance.Check {
		c := acceptance.Check{At: noon, By: equipment, Passed: true, Document: "R-1"}
		change(&c)
		return c
	}
	pieces := func(numbers ...string) []acceptance.Piece {
		var out []acceptance.Piece
		for _, n := range numbers {
			out = append(out, acceptance.Piece{Number: n, Tool: "t" + n})
		}
		return out
	}
	accept := func(change func(*acceptance.Accept)) acceptance.Accept {
		c := acceptance.Accept{
			At: noon, On: "2026-03-02", Count: 2, Store: "main", Lot: "B1", Brand: "X", Use: tool.Shared, Pieces: pieces("W-1", "W-2"), By: equipment, Book: book,
		}
		change(&c)
		return c
	}
	two := acceptance.Accepted{
		At: noon, Count: 2, Store: "main", Lot: "B1", Brand: "X", Use: tool.Shared, Pieces: pieces("W-1", "W-2"), On: "2026-03-02", By: "e",
		Policy: domain.PolicyRef{Version: 1, Hash: "h"},
	}
	reject := func(by approval.Signer, n int64, reason string) acceptance.Reject {
		return acceptance.Reject{At: noon, Count: n, Reason: reason, By: by}
	}
	bits := []acceptance.Event{of(func(d *acceptance.Delivered) { d.Variant, d.Code = policy.Consumable, "bit" }), ok}
	many := make([]string, acceptance.MostPieces+1)
	for i := range many {
		many[i] = "W-" + strconv.Itoa(i)
	}
	tooling := of(func(d *acceptance.Delivered) {
		d.Variant, d.Code, d.Class, d.Trial, d.Needs = policy.StandardTooling, "jig", acceptance.Important, true, []string{"inspection"}
	})
	seen := []acceptance.Finding{{What: "size", OK: true}, {What: "appearance", OK: true}, {What: "fit", OK: true}}
	inspection := signs("i", "inspection")
	sized := acceptance.Checked{At: noon, Signed: approval.Signature{Role: "inspection", By: "i"}, Passed: true, Document: "DRW", Findings: seen}
	look := func(findings []acceptance.Finding) acceptance.Check {
		return acceptance.Check{At: noon, By: inspection, Passed: true, Document: "DRW", Findings: findings}
	}
	tried := func(passed bool) acceptance.Tried {
		return acceptance.Tried{At: noon, Sheet: "S-1", Samples: 3, Passed: passed, By: "i"}
	}
	try := acceptance.Try{At: noon, By: inspection, Sheet: "S-1", Samples: 3, Passed: true}
	trial := func(change func(*acceptance.Try)) acceptance.Try { c := try; change(&c); return c }
	jig := accept(func(c *acceptance.Accept) { c.By = inspection })
	jigs := two
	jigs.By = "i"
	decidertest.Run(t, acceptance.Decide, acceptance.Evolve, []decidertest.Case[acceptance.Command, acceptance.Event]{
		{Name: "STK-04 a delivery begins an acceptance", When: plain, Then: given},
		{Name: "STK-04 once", Given: given, When: plain, Refused: "STK-04", Key: "acceptance.exists"},
		{Name: "STK-04 there has to be one", When: try, Refused: "STK-04", Key: "acceptance.unknown"},
		{Name: "POL-08 by a policy that is loaded", When: deliver(func(c *acceptance.Deliver) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "POL-08 by a route that there is", When: deliver(func(c *acceptance.Deliver) { c.Book = noRoute }), Refused: "POL-08", Key: "purchasing.route_missing"},
		{Name: "STK-07 a class of ours", When: deliver(func(c *acceptance.Deliver) { c.Delivered.Class = "precious" }), Invalid: "/class"},
		{Name: "STK-04 with its delivery note", When: deliver(func(c *acceptance.Deliver) { c.Delivered.Note = " " }), Invalid: "/note"},
		{Name: "STK-04 by somebody", When: deliver(func(c *acceptance.Deliver) { c.Delivered.By = "" }), Refused: "STK-04", Key: "approval.person_missing"},

		{Name: "STK-04 the department checks it", Given: given, When: check(func(*acceptance.Check) {}), Then: checked[1:]},
		{Name: "STK-04 nobody who bought it", Given: given, When: check(func(c *acceptance.Check) { c.By.Person = "buyer" }), Refused: "STK-04", Key: "approval.own"},
		{Name: "STK-04 nobody else", Given: given, When: check(func(c *acceptance.Check) { c.By = signs("x", "clerk") }), Refused: "STK-04", Key: "approval.role_missing"},
		{Name: "STK-04 once each", Given: checked, When: check(func(c *acceptance.Check) { c.By.Person = "x" }), Refused: "STK-04", Key: "acceptance.checked"},
		{Name: "STK-04 by a report", Given: given, When: check(func(c *acceptance.Check) { c.Document = "" }), Invalid: "/document"},
		{
			Name: "STK-04 what is wrong does not pass", Given: given, Invalid: "/passed",
			When: check(func(c *acceptance.Check) { c.Findings = []acceptance.Finding{{What: "size"}} }),
		},
		{Name: "STK-04 what is decided is checked no more", Given: over, When: check(func(*acceptance.Check) {}), Refused: "STK-04", Key: "acceptance.over"},
		{Name: "STK-04 tooling by size, appearance and fit", Given: []acceptance.Event{tooling}, When: look(seen), Then: []acceptance.Event{sized}},
		{Name: "STK-04 not by size alone", Given: []acceptance.Event{tooling}, When: look(seen[:1]), Invalid: "/findings"},

		{Name: "STK-04 samples of important tooling are tried", Given: []acceptance.Event{tooling}, When: try, Then: []acceptance.Event{tried(true)}},
		{Name: "STK-04 not of what needs none", Given: given, When: trial(func(c *acceptance.Try) { c.By = equipment }), Refused: "STK-04", Key: "acceptance.no_trial"},
		{Name: "STK-04 the sheet proves it", Given: []acceptance.Event{tooling}, When: trial(func(c *acceptance.Try) { c.Sheet = "" }), Invalid: "/sheet"},
		{Name: "STK-04 of a sample at least", Given: []acceptance.Event{tooling}, When: trial(func(c *acceptance.Try) { c.Samples = 0 }), Invalid: "/samples"},
		{Name: "STK-04 by who checks it", Given: []acceptance.Event{tooling}, When: trial(func(c *acceptance.Try) { c.By = equipment }), Refused: "STK-04", Key: "approval.role_missing"},
		{
			Name: "STK-04 not of what is decided", Given: []acceptance.Event{tooling, acceptance.Rejected{At: noon, Count: 3, Reason: "bent", By: "i"}},
			When: try, Refused: "STK-04", Key: "acceptance.over",
		},

		{Name: "STK-07 what passed is taken over, each piece with its number", Given: checked, When: accept(func(*acceptance.Accept) {}), Then: []acceptance.Event{two}},
		{Name: "STK-04 by a person", Given: checked, When: accept(func(c *acceptance.Accept) { c.By.Person = "" }), Refused: "STK-04", Key: "approval.person_missing"},
		{Name: "STK-04 not by who bought it", Given: checked, When: accept(func(c *acceptance.Accept) { c.By.Person = "buyer" }), Refused: "STK-04", Key: "approval.own"},
		{Name: "STK-04 nor by another department", Given: checked, When: accept(func(c *acceptance.Accept) { c.By = signs("x", "clerk") }), Refused: "STK-04", Key: "approval.role_missing"},
		{Name: "STK-04 not before it was checked", Given: given, When: accept(func(*acceptance.Accept) {}), Refused: "STK-04", Key: "acceptance.check_missing"},
		{Name: "STK-04 not what failed", Given: failed, When: accept(func(*acceptance.Accept) {}), Refused: "STK-04", Key: "acceptance.check_failed"},
		{Name: "STK-04 important tooling not before its trial", Given: []acceptance.Event{tooling, sized}, When: jig, Refused: "STK-04", Key: "acceptance.trial_missing"},
		{Name: "STK-04 nor after one that failed", Given: []acceptance.Event{tooling, sized, tried(false)}, When: jig, Refused: "STK-04", Key: "acceptance.trial_missing"},
		{Name: "STK-04 until it passes", Given: []acceptance.Event{tooling, sized, tried(false), tried(true)}, When: jig, Then: []acceptance.Event{jigs}},
		{Name: "POL-08 by the policy of purchasing", Given: checked, When: accept(func(c *acceptance.Accept) { c.Book = onlyTools }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "POL-08 and of tools", Given: checked, When: accept(func(c *acceptance.Accept) { c.Book = noTools }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "STK-04 a piece at least", Given: checked, When: accept(func(c *acceptance.Accept) { c.Count, c.Pieces = 0, nil }), Refused: "STK-04", Key: "acceptance.too_many"},
		{Name: "STK-04 no more than came", Given: checked, When: accept(func(c *acceptance.Accept) { c.Count, c.Pieces = 4, pieces("1", "2", "3", "4") }), Refused: "STK-04", Key: "acceptance.too_many"},
		{Name: "STK-04 into a store of the site", Given: checked, When: accept(func(c *acceptance.Accept) { c.Store = "moon" }), Invalid: "/store"},
		{
			Name: "STK-03 a new kind is entered in the policy of tools first", Given: []acceptance.Event{of(func(d *acceptance.Delivered) { d.Code = "laser" }), ok},
			When: accept(func(*acceptance.Accept) {}), Refused: "TOL-02", Key: "tool.kind_unknown",
		},
		{Name: "STK-07 a number a piece", Given: checked, When: accept(func(c *acceptance.Accept) { c.Pieces = pieces("W-1") }), Invalid: "/numbers"},
		{
			Name: "STK-07 not too many at once", Given: []acceptance.Event{of(func(d *acceptance.Delivered) { d.Count = 1000 }), ok},
			When: accept(func(c *acceptance.Accept) { c.Count, c.Pieces = acceptance.MostPieces+1, pieces(many...) }), Invalid: "/numbers",
		},
		{Name: "STK-07 each number once", Given: checked, When: accept(func(c *acceptance.Accept) { c.Pieces = pieces("W-1", "W-1") }), Invalid: "/numbers/1"},
		{Name: "STK-07 none that is there already", Given: append(checked[:2:2], two), When: accept(func(c *acceptance.Accept) { c.Count, c.Pieces = 1, pieces("W-2") }), Invalid: "/numbers/0"},
		{Name: "STK-07 none that is blank", Given: checked, When: accept(func(c *acceptance.Accept) { c.Pieces = pieces("W-1", " ") }), Invalid: "/numbers/1"},
		{Name: "STK-05 what is kept by pieces comes in a lot", Given: bits, When: accept(func(c *acceptance.Accept) { c.Lot, c.Pieces = " ", nil }), Invalid: "/lot"},
		{Name: "STK-07 and has no numbers", Given: bits, When: accept(func(*acceptance.Accept) {}), Invalid: "/numbers"},

		{Name: "STK-04 what failed goes back to purchasing", Given: failed, When: reject(equipment, 3, "bent"), Then: []acceptance.Event{acceptance.Rejected{At: noon, Count: 3, Reason: "bent", By: "e"}}},
		{Name: "STK-04 with the reason", Given: failed, When: reject(equipment, 3, " "), Invalid: "/reason"},
		{Name: "STK-04 not more than there is", Given: failed, When: reject(equipment, 4, "bent"), Refused: "STK-04", Key: "acceptance.too_many"},
		{Name: "STK-04 nor nothing", Given: failed, When: reject(equipment, 0, "bent"), Refused: "STK-04", Key: "acceptance.too_many"},
		{Name: "STK-04 by who checks it", Given: failed, When: reject(signs("x", "clerk"), 3, "bent"), Refused: "STK-04", Key: "approval.role_missing"},
	})
}
