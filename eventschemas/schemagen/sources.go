package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// sources is what the Go source says of the types on the wire, for people.
type sources struct {
	types     map[string]string     // doc comment by "import/path.Type"
	fields    map[string]string     // comment by "import/path.Type.Field"
	constants map[string][]constant // of string types, by "import/path.Type"
	readers   map[string][]string   // folders below projections with a case for "import/path.Type"
}

// constant is one value of a string type.
type constant struct{ Value, Comment string }

// readSources reads the comments of the domain and of the envelope, and which
// projection has a case for which event. root is the module's folder.
func readSources(root string) (*sources, error) {
	s := &sources{
		types: map[string]string{}, fields: map[string]string{}, constants: map[string][]constant{}, readers: map[string][]string{},
	}
	for _, dir := range []string{"domain", "eventschemas", "projections"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return fmt.Errorf("parse %s: %w", path, err)
			}
			rel, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return fmt.Errorf("place of %s: %w", path, err)
			}
			if rel = filepath.ToSlash(rel); dir == "projections" {
				s.addReader(rel, file)
			} else {
				s.addComments(module+"/"+rel, file)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
	}
	return s, nil
}

func (s *sources) addComments(pkg string, file *ast.File) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.addType(pkg+"."+spec.Name.Name, group, spec)
			case *ast.ValueSpec:
				s.addConstant(pkg, spec)
			}
		}
	}
}

func (s *sources) addType(name string, group *ast.GenDecl, spec *ast.TypeSpec) {
	s.types[name] = line(spec.Doc)
	if spec.Doc == nil && len(group.Specs) == 1 {
		s.types[name] = line(group.Doc)
	}
	object, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range object.Fields.List {
		comment := line(f.Doc)
		if comment == "" {
			comment = line(f.Comment)
		}
		for _, n := range f.Names {
			s.fields[name+"."+n.Name] = comment
		}
	}
}

func (s *sources) addConstant(pkg string, spec *ast.ValueSpec) {
	typ, ok := spec.Type.(*ast.Ident)
	if !ok {
		return
	}
	for _, v := range spec.Values {
		if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			value, _ := strconv.Unquote(lit.Value)
			name := pkg + "." + typ.Name
			s.constants[name] = append(s.constants[name], constant{value, line(spec.Comment)})
		}
	}
}

// addReader notes the domain types that a file has a case for.
func (s *sources) addReader(dir string, file *ast.File) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		imports[path[strings.LastIndex(path, "/")+1:]] = path
	}
	ast.Inspect(file, func(n ast.Node) bool {
		clause, ok := n.(*ast.CaseClause)
		if !ok {
			return true
		}
		for _, e := range clause.List {
			typ, ok := e.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			if pkg, ok := typ.X.(*ast.Ident); ok && strings.HasPrefix(imports[pkg.Name], module+"/domain/") {
				name := imports[pkg.Name] + "." + typ.Sel.Name
				if !slices.Contains(s.readers[name], dir) {
					s.readers[name] = append(s.readers[name], dir)
				}
			}
		}
		return true
	})
}

// line is a comment on one line.
func line(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
