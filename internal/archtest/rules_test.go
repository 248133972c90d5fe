package archtest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root      = "../.."
	rulesFile = root + "/docs/rules.md"
	marker    = "\n## Where each rule lives\n"
	groups    = `POL|ORG|TKT|SLA|VIS|REP|BIL|CON|FUP|CMP|APR|TOL|STK|EXC|LOS|INS|CHK|KNW|PRD|AUD`
)

var (
	oneID   = regexp.MustCompile(`\b(?:` + groups + `)-\d\d\b`)
	ruleDef = regexp.MustCompile(`(?m)^- ((?:[A-Z]{3})-\d\d) `)
	// named is a test's name that begins with ids: TestTOL12And13WhatBecame.
	named  = regexp.MustCompile(`^(?:Test|Fuzz)((?:` + groups + `)\d\d(?:(?:And|To)(?:` + groups + `)?\d\d)*)`)
	inName = regexp.MustCompile(`(` + groups + `)?(\d\d)`)
	inText = regexp.MustCompile("[\"`](?:[^\"]* )?(?:" + groups + `)-\d\d`)
	ranged = regexp.MustCompile(`\b(` + groups + `)-(\d\d) to (?:(` + groups + `)-)?(\d\d)\b`)
)

// builtGroups are those of which every rule has code and a test.
var builtGroups = []string{"TOL", "STK", "EXC", "LOS", "INS", "CHK", "POL"}

// places says where a rule lives: for each file the functions that carry its
// id, "" for types, constants and variables. A file that only speaks of the
// rule, in its package's words, is no place.
type places struct {
	code, tests map[string]map[string][]string
}

func (p places) add(id, file, function string) {
	in := p.code
	if strings.HasSuffix(file, "_test.go") {
		in = p.tests
	}
	if in[id] == nil {
		in[id] = map[string][]string{}
	}
	if !slices.Contains(in[id][file], function) {
		in[id][file] = append(in[id][file], function)
	}
}

// findPlaces reads every Go file below the root that is not generated. It
// returns every id that any of them names, too.
func findPlaces(t *testing.T) (p places, mentioned map[string]string) {
	t.Helper()
	p, mentioned = places{map[string]map[string][]string{}, map[string]map[string][]string{}}, map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.Contains(path, "internal/archtest/") || strings.HasSuffix(path, ".gen.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		for _, id := range oneID.FindAllString(string(text), -1) {
			mentioned[id] = name
		}
		return p.read(name, text)
	})
	require.NoError(t, err)
	return p, mentioned
}

// read adds the places of one file.
func (p places) read(name string, text []byte) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.ParseComments)
	if err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	test := strings.HasSuffix(name, "_test.go")
	for _, decl := range file.Decls {
		from, to, function := decl.Pos(), decl.End(), ""
		switch d := decl.(type) {
		case *ast.FuncDecl:
			function = d.Name.Name
			if d.Doc != nil && !test {
				from = d.Doc.Pos()
			}
			for _, id := range idsOfName(function) {
				if test {
					p.add(id, name, function)
				}
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
		}
		// To the end of the line, where the id of a one-line function stands.
		end := files.Position(to).Offset
		if i := strings.IndexByte(string(text[end:]), '\n'); i >= 0 {
			end += i
		}
		for line := range strings.SplitSeq(string(text[files.Position(from).Offset:end]), "\n") {
			line = strings.TrimSpace(line)
			if test && !asserts(line) {
				continue
			}
			for _, id := range idsOf(line) {
				p.add(id, name, function)
			}
		}
	}
	return nil
}

// asserts reports whether a line of a test is more than a remark: an id in a
// text, which names a case or is compared, or at the head of a test.
func asserts(line string) bool {
	return strings.HasPrefix(line, "func Test") || !strings.HasPrefix(line, "//") && inText.MatchString(line)
}

// idsOf returns the ids of a text; of a range or list, "INS-05, 07 to 09", each.
func idsOf(text string) []string { return oneID.FindAllString(spread(text), -1) }

// spread writes "TOL-11 to TOL-13" and "TOL-11 to 13" as the ids between.
func spread(text string) string {
	return ranged.ReplaceAllStringFunc(text, func(s string) string {
		group := s[:3]
		from, err1 := strconv.Atoi(s[4:6])
		to, err2 := strconv.Atoi(s[len(s)-2:])
		if err1 != nil || err2 != nil {
			return s
		}
		var all []string
		for n := from; n <= to; n++ {
			all = append(all, fmt.Sprintf("%s-%02d", group, n))
		}
		return strings.Join(all, " ")
	})
}

// idsOfName returns the ids with which a test's name begins.
func idsOfName(name string) []string {
	m := named.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	var ids []string
	group := ""
	for _, part := range inName.FindAllStringSubmatch(m[1], -1) {
		if part[1] != "" {
			group = part[1]
		}
		ids = append(ids, group+"-"+part[2])
	}
	return ids
}

// table writes the section of docs/rules.md that says where each rule lives.
func table(ids []string, where places) string {
	var b strings.Builder
	b.WriteString(marker)
	b.WriteString("\nWritten by `UPDATE=1 go test ./internal/archtest`: the functions that carry a rule's id, behind the file in which they are, and the tests " +
		"that are named by it or compare it. A file without a function has the rule in a type or constant. A rule without a place has no code yet.\n\n" +
		"| rule | code | tests |\n|---|---|---|\n")
	for _, id := range ids {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", id, listed(where.code[id], true), listed(where.tests[id], false))
	}
	return b.String()
}

func listed(files map[string][]string, functions bool) string {
	names := make([]string, 0, len(files))
	for f := range files {
		names = append(names, f)
	}
	slices.SortFunc(names, func(a, b string) int { // the rules themselves before what carries them
		da, db := strings.HasPrefix(a, "domain/"), strings.HasPrefix(b, "domain/")
		if da != db {
			if da {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for i, f := range names {
		names[i] = fmt.Sprintf("[%s](../%s)", f, f)
		in := slices.DeleteFunc(slices.Clone(files[f]), func(s string) bool { return s == "" })
		if functions && len(in) > 0 {
			names[i] += " `" + strings.Join(in, "`, `") + "`"
		}
	}
	return strings.Join(names, ", ")
}

// bare returns the ids of the built groups that have no code or no test.
func bare(ids []string, where places) []string {
	var out []string
	for _, id := range ids {
		switch {
		case !slices.Contains(builtGroups, id[:3]):
		case !hasFunction(where.code[id]):
			out = append(out, id+" has no code")
		case !hasFunction(where.tests[id]):
			out = append(out, id+" has no test")
		}
	}
	return out
}

func hasFunction(files map[string][]string) bool {
	for _, functions := range files {
		if slices.ContainsFunc(functions, func(s string) bool { return s != "" }) {
			return true
		}
	}
	return false
}

func catalogue(t *testing.T) (text, before string, ids []string) {
	t.Helper()
	b, err := os.ReadFile(rulesFile)
	require.NoError(t, err)
	before, _, _ = strings.Cut(string(b), marker)
	for _, m := range ruleDef.FindAllStringSubmatch(before, -1) {
		ids = append(ids, m[1])
	}
	require.Greater(t, len(ids), 100)
	return string(b), before, ids
}

func TestTheCatalogueSaysWhereEachRuleLives(t *testing.T) {
	t.Parallel()
	text, before, ids := catalogue(t)
	where, mentioned := findPlaces(t)
	for id, file := range mentioned {
		require.Contains(t, ids, id, "%s is named in %s but not in the catalogue", id, file)
	}
	want := strings.TrimRight(before, "\n") + "\n" + table(ids, where)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(rulesFile, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, text, "run UPDATE=1 go test ./internal/archtest")
}

func TestEveryRuleOfToolsStockLossesCountsAndPoliciesHasCodeAndATest(t *testing.T) {
	t.Parallel()
	_, _, ids := catalogue(t)
	where, _ := findPlaces(t)
	require.Empty(t, bare(ids, where), "a function that implements a rule carries its id, and so does what tests it")
	// Without its code or its tests a rule is named.
	delete(where.code, "LOS-05")
	delete(where.tests, "CHK-05")
	require.Equal(t, []string{"LOS-05 has no code", "CHK-05 has no test"}, bare(ids, where))
}

func TestAMentionIsNoPlace(t *testing.T) {
	t.Parallel()
	p := places{map[string]map[string][]string{}, map[string]map[string][]string{}}
	require.NoError(t, p.read("a.go", []byte("// Package a is about LOS-05.\npackage a\n\n// F shares (LOS-06).\nfunc F() {\n\tg() // LOS-07 to 09\n}\n\ntype T int // LOS-10\n")))
	require.Equal(t, map[string]map[string][]string{
		"LOS-06": {"a.go": {"F"}}, "LOS-07": {"a.go": {"F"}}, "LOS-08": {"a.go": {"F"}}, "LOS-09": {"a.go": {"F"}}, "LOS-10": {"a.go": {""}},
	}, p.code)
	require.NoError(t, p.read("a_test.go", []byte("package a\n\n// TestX is about LOS-05.\nfunc TestX() {\n\tg() // LOS-06\n\th(\"LOS-07\")\n}\n\nfunc TestLOS08And09Y() {}\n\nfunc TestZ() { // LOS-10\n}\n")))
	require.Equal(t, map[string]map[string][]string{
		"LOS-07": {"a_test.go": {"TestX"}}, "LOS-08": {"a_test.go": {"TestLOS08And09Y"}}, "LOS-09": {"a_test.go": {"TestLOS08And09Y"}}, "LOS-10": {"a_test.go": {"TestZ"}},
	}, p.tests)
}
