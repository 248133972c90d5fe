package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// enums maps "import/path.Type" to the values of its string constants, in
// the order of the source.
type enums map[string][]string

const module = "github.com/fieldledger/fieldledger"

// readEnums collects the typed string constants of all domain packages below root.
func readEnums(root string) (enums, error) {
	found := make(enums)
	err := filepath.WalkDir(filepath.Join(root, "domain"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("parse constants: %w", err)
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return fmt.Errorf("place of %s: %w", path, err)
		}
		found.add(module+"/"+filepath.ToSlash(rel), file)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read enums: %w", err)
	}
	return found, nil
}

func (e enums) add(pkg string, file *ast.File) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			typ, ok := value.Type.(*ast.Ident)
			if !ok {
				continue
			}
			for _, v := range value.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					s, _ := strconv.Unquote(lit.Value)
					e[pkg+"."+typ.Name] = append(e[pkg+"."+typ.Name], s)
				}
			}
		}
	}
}
