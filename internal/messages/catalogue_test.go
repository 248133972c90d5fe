package messages_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/messages"
)

const root = "../.."

func TestEveryKeyOfTheProgramHasATextInEachLanguage(t *testing.T) {
	t.Parallel()
	s := scan(t, root)
	require.Empty(t, s.unclear, "calls whose key is no constant")
	require.Greater(t, len(s.asked), 40, "the search finds the keys")
	for _, lang := range messages.Languages() {
		texts := messages.Catalogue()[lang]
		var missing []string
		for key, at := range s.asked {
			if texts[key] == "" {
				missing = append(missing, key+" ("+at+")")
			}
		}
		slices.Sort(missing)
		require.Empty(t, missing, "keys without a text in %s", lang)
	}
}

func TestNoTextIsLeftOver(t *testing.T) {
	t.Parallel()
	s := scan(t, root)
	for _, lang := range messages.Languages() {
		require.Empty(t, unused(messages.Catalogue()[lang], s), lang)
	}
	require.Equal(t, []string{"ticket.never_asked_for"}, unused(map[string]string{
		"ticket.never_asked_for": "x", "value.status.paused": "x", "site.unknown": "x",
	}, s), "the search finds a text that nobody asks for")
}

func TestTheLanguagesHaveTheSameKeysAndPlaces(t *testing.T) {
	t.Parallel()
	english, chinese := messages.Catalogue()["en"], messages.Catalogue()["zh"]
	require.Equal(t, slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(chinese)))
	place := regexp.MustCompile(`\{[^{}]*\}`)
	for key, text := range english {
		in, out := place.FindAllString(text, -1), place.FindAllString(chinese[key], -1)
		require.ElementsMatch(t, in, out, key)
		for _, p := range in {
			require.Regexp(t, `^\{[a-z_]+\}$`, p, key)
		}
	}
}

func TestTheSearchFollowsWrappersAndNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	s := newScan()
	s.add(t, "domain/x/x.go", `package x
func a() error { return domain.Refuse("R", "x.refused") }
func b(p string) error { return domain.Invalid(p, "R", "x.invalid", "n", 1) }
func (q *parser) fault(at, key string) { q.all = append(q.all, domain.Invalid(at, "R", key)) }
func c(q *parser) { q.fault("/a", "x.by_method") }
func d() {
	tell := func(at, key string) error { return domain.Invalid(at, "R", key) }
	_ = tell("/b", "x.by_closure")
	_ = domain.Refuse("R", "x." + name())
}
func e(key string) error { return f(key) }
func f(key string) error { return domain.Refuse("R", key) }
var _ = e("x.twice_removed")
`)
	s.resolve()
	require.Equal(t, []string{"x.by_closure", "x.by_method", "x.invalid", "x.refused", "x.twice_removed"}, slices.Sorted(maps.Keys(s.asked)))
	require.Equal(t, []string{"domain/x"}, s.unclear)
}

// unused lists the texts that no string of the program names. Texts of
// values are found at run time, and so are those of a prefix that the program
// adds a word to.
func unused(texts map[string]string, s *scanned) []string {
	var left []string
	for key := range texts {
		prefix := key[:strings.LastIndex(key, ".")+1]
		if s.asked[key] == "" && !s.strings[key] && !s.prefixes[prefix] && !strings.HasPrefix(key, "value.") {
			left = append(left, key)
		}
	}
	slices.Sort(left)
	return left
}

// scanned is what the program says about keys.
type scanned struct {
	asked    map[string]string // key to the folder that asks for it
	strings  map[string]bool   // all string constants
	prefixes map[string]bool   // string constants that something is added to
	unclear  []string          // folders with a call whose key is no constant

	calls []call
	keyAt map[string]int // function, by folder, to the place of its key
}

// call is a call of a function that may take a key.
type call struct {
	dir, name string
	args      []ast.Expr
	within    string // the function around it
	params    map[string]int
}

// Texts of these come from tables and fields of the program, not from calls.
var tabled = regexp.MustCompile(`^(body|fault|import|param|problem|title)(\.[a-zA-Z_]+)+$`)

func newScan() *scanned {
	return &scanned{
		asked: make(map[string]string), strings: make(map[string]bool), prefixes: make(map[string]bool),
		keyAt: map[string]int{"domain.Refuse": 1, "domain.Invalid": 2},
	}
}

// scan reads every Go file below dir but tests and generated ones.
func scan(t *testing.T, dir string) *scanned {
	t.Helper()
	s := newScan()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != dir && (d.Name()[0] == '.' || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") ||
			strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".gen.go") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		s.add(t, filepath.ToSlash(rel), nil)
		return nil
	}))
	s.resolve()
	return s
}

// add reads one file, from src if that is not nil.
func (s *scanned) add(t *testing.T, path string, src any) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), src, parser.SkipObjectResolution)
	require.NoError(t, err)
	dir := filepath.ToSlash(filepath.Dir(path))
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			s.visit(dir, "", nil, decl)
			continue
		}
		if fn.Body != nil && dir != "domain" { // Invalid there calls Refuse
			s.visit(dir, fn.Name.Name, parameters(fn.Type), fn.Body)
		}
	}
}

func parameters(f *ast.FuncType) map[string]int {
	at := make(map[string]int)
	for _, field := range f.Params.List {
		for _, name := range field.Names {
			at[name.Name] = len(at)
		}
	}
	return at
}

// visit notes the calls and strings below n, which lies within a function.
func (s *scanned) visit(dir, within string, params map[string]int, n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt: // tell := func(at, key string) ...
			if fn, ok := n.Rhs[0].(*ast.FuncLit); ok && len(n.Rhs) == 1 {
				if name, ok := n.Lhs[0].(*ast.Ident); ok {
					s.visit(dir, name.Name, parameters(fn.Type), fn.Body)
					return false
				}
			}
		case *ast.CallExpr:
			s.calls = append(s.calls, call{dir, called(n.Fun), n.Args, within, params})
		case *ast.BinaryExpr:
			if text, ok := constant(n.X); ok && n.Op == token.ADD {
				s.prefixes[text] = true
			}
		case *ast.BasicLit:
			if text, ok := constant(n); ok {
				s.strings[text] = true
				if tabled.MatchString(text) {
					s.asked[text] = dir
				}
			}
		}
		return true
	})
}

// called names what a call calls: domain.Refuse, or the bare name of a
// function or method of the package itself.
func called(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "domain" {
			return "domain." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

func constant(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// resolve finds the keys of all calls, and the functions that only pass
// theirs on, until there is nothing new.
func (s *scanned) resolve() {
	for known := -1; known != len(s.keyAt); {
		known = len(s.keyAt)
		s.unclear = nil
		for _, c := range s.calls {
			at, ok := s.keyAt[c.name]
			if !ok {
				at, ok = s.keyAt[c.dir+" "+c.name]
			}
			if ok && at < len(c.args) {
				s.take(c, c.args[at])
			}
		}
	}
	slices.Sort(s.unclear)
}

func (s *scanned) take(c call, key ast.Expr) {
	if text, ok := constant(key); ok {
		s.asked[text] = c.dir
		return
	}
	if name, ok := key.(*ast.Ident); ok && c.within != "" {
		if at, ok := c.params[name.Name]; ok {
			s.keyAt[c.dir+" "+c.within] = at
			return
		}
	}
	s.unclear = append(s.unclear, c.dir)
}
