package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
)

func TestTheEventsPageIsWhatTheSourceSays(t *testing.T) {
	t.Parallel()
	want, err := pageOf(root)
	require.NoError(t, err)
	got, err := os.ReadFile(root + "/docs/events.md")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate ./eventschemas")
	again, err := pageOf(root)
	require.NoError(t, err)
	require.Equal(t, string(want), string(again), "the same source gives the same page")
}

func TestWhoEmitsIsACommandOfThePackageCommands(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	files, err := filepath.Glob(root + "/commands/*.go")
	require.NoError(t, err)
	below, err := filepath.Glob(root + "/commands/*/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	files = append(files, below...)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		source.Write(text)
	}
	registered := map[string]bool{}
	for _, typ := range eventschemas.Types() {
		registered[typ.Name] = true
	}
	for name, u := range uses {
		require.True(t, registered[name], "%s is not registered", name)
		require.NotEmpty(t, u.by, name)
		for _, command := range u.by {
			require.Contains(t, source.String(), `"`+command+`"`, name)
		}
	}
}

func TestProjectionsThatReadAnEventAreFoundInTheirSource(t *testing.T) {
	t.Parallel()
	s, err := readSources(root)
	require.NoError(t, err)
	require.Equal(t, []string{"projections/ticket"}, s.readers[module+"/domain/ticket.Paused"])
	require.Equal(t, []string{"projections/directory"}, s.readers[module+"/domain/person.Registered"])
	require.Empty(t, s.readers[module+"/domain/claim.Claimed"])
}

func TestAFieldThatNobodyExplainsIsRefused(t *testing.T) {
	t.Parallel()
	s, err := readSources(root)
	require.NoError(t, err)
	w := &pageWriter{sources: s, root: root}
	_, err = w.fields(reflect.TypeFor[struct {
		Colour string `json:"colour"`
	}]())
	require.ErrorContains(t, err, "no comment")
	_, err = w.event(eventschemas.TypeInfo{Name: "spoon.bent.v1", Go: reflect.TypeFor[eventschemas.Source]()})
	require.ErrorContains(t, err, "spoon.bent.v1")
}
