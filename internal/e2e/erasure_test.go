package e2e_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/vault"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// spellings are the ways in which a text could lie in a file.
func spellings(text string) [][]byte {
	plain := []byte(text)
	utf16 := make([]byte, 0, 2*len(plain))
	for _, b := range plain { // ASCII
		utf16 = append(utf16, b, 0)
	}
	all := [][]byte{plain, []byte(hex.EncodeToString(plain)), utf16}
	for shift := range 3 { // base64 of a longer text that contains it; its edges depend on what stands beside it
		code := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), plain...))
		all = append(all, []byte(code[4:len(code)-4]))
	}
	return all
}

// filesWith returns the files below dir, by path, that hold a text in any spelling.
func filesWith(t *testing.T, dir, text string) []string {
	t.Helper()
	var found []string
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // a running server removes files
			return nil
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		files++
		for _, s := range spellings(text) {
			if bytes.Contains(content, s) {
				name, relErr := filepath.Rel(dir, path)
				found = append(found, name)
				return errors.Join(err, relErr)
			}
		}
		return err
	})
	require.NoError(t, err)
	require.Greater(t, files, 100, "the folder of a whole installation")
	return found
}

func TestAUD07AnErasedNameIsInNoFileAndDigestsStay(t *testing.T) {
	t.Parallel()
	secret := func(what string) string {
		return what + "-" + strings.ToUpper(hex.EncodeToString([]byte(uuid.NewString()[:9])))
	}
	name, phone, text, signer := secret("Ottilie Querfeldt"), secret("0049-89"), secret("the heating is cold"), secret("signs")
	secrets := []string{name, phone, text, signer}
	s := newInstallation(t).withIssuer(t).serve(t)
	s.hq(t)
	last, path := s.ticketOf(t, name, phone, text, signer)

	requireShown := func(s *served, want func(p api.Personal, plain string)) {
		var card api.Ticket
		require.NoError(t, json.Unmarshal([]byte(s.get(t, path, last, "clerk").body), &card))
		want(card.Customer, name)
		want(card.Phone, phone)
		want(card.Text, text)
		var list api.TicketPage
		require.NoError(t, json.Unmarshal([]byte(s.get(t, "/v1/tickets?site=hq", last, "clerk").body), &list))
		want(list.Items[0].Customer, name)
	}
	requireShown(s, func(p api.Personal, plain string) {
		require.NotNil(t, p.Value)
		require.Equal(t, plain, *p.Value)
	})
	require.NotContains(t, s.get(t, path, last, "auditor").body, name, "who may not see it gets it masked")
	history := s.get(t, path+"/history", last, "clerk").body
	for _, secret := range secrets {
		require.Contains(t, history, secret)
		require.Empty(t, filesWith(t, s.dir, secret), "it is sealed before it is stored")
		require.NotContains(t, s.out.String(), secret)
	}

	pool, done := s.database(t)
	defer done()
	before := digestsIn(t, pool)
	subject := subjectIn(t, pool)
	stored := keysetIn(t, pool, subject)
	require.True(t, s.opens(t, subject, stored), "before, the files open the name's key")
	oldKeys, err := os.ReadFile(filepath.Join(s.dir, vault.KeysFile))
	require.NoError(t, err)
	require.Equal(t, []string{vault.KeysFile}, filesWith(t, s.dir, string(oldKeys[:64])))
	erase := call{
		method: http.MethodDelete, path: "/v1/subjects/" + subject.String() + "?reason=asked+for", key: "erase",
		token: s.token(t, "clerk"),
	}
	require.Equal(t, http.StatusForbidden, s.do(t, erase).status)
	erase.token = s.token(t, "admin")
	require.Equal(t, http.StatusNoContent, s.do(t, erase).status)
	require.Equal(t, http.StatusNoContent, s.do(t, erase).status, "again it changes nothing")

	erased := func(p api.Personal, _ string) { require.Equal(t, api.Personal{Subject: &subject, Erased: true}, p) }
	requireShown(s, erased)
	for _, secret := range secrets {
		require.NotContains(t, s.get(t, path+"/history", last, "clerk").body, secret)
		require.Empty(t, filesWith(t, s.dir, secret))
	}
	requireUnreadable := func() { // PostgreSQL may keep the bytes of the deleted row
		require.False(t, s.opens(t, subject, stored), "no file has the key that opened them")
		require.Empty(t, filesWith(t, s.dir, string(oldKeys[:64])))
	}
	requireUnreadable()
	require.Equal(t, before, digestsIn(t, pool))
	done()
	s.stop(t)
	require.NotContains(t, s.run(t, "rebuild"), "DIFFERENT")
	require.NotContains(t, s.run(t, "verify"), "DIFFERENT")
	s = s.serve(t)
	requireShown(s, erased)
	s.stop(t)
	for _, secret := range secrets {
		require.Empty(t, filesWith(t, s.dir, secret))
	}
	requireUnreadable()
}

// keysetIn returns a subject's key as it is stored.
func keysetIn(t *testing.T, pool *pgxpool.Pool, subject uuid.UUID) []byte {
	t.Helper()
	var stored []byte
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT keyset FROM vault.subject_key WHERE subject = $1", subject).Scan(&stored))
	return stored
}

// opens reports whether the installation's key files open a stored keyset:
// any 32 bytes of them are tried, as they stand and unsealed by the master key.
func (i *installation) opens(t *testing.T, subject uuid.UUID, stored []byte) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(i.dir, vault.MasterFile))
	require.NoError(t, err)
	master, err := hex.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	sealer, err := subtle.NewAESGCM(master)
	require.NoError(t, err)
	entries, err := os.ReadDir(i.dir)
	require.NoError(t, err)
	texts := [][]byte{master}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(i.dir, entry.Name()))
		require.NoError(t, err)
		texts = append(texts, content)
		if plain, err := sealer.Decrypt(content, []byte("fieldledger vault keys")); err == nil {
			texts = append(texts, plain)
		}
	}
	for _, text := range texts {
		for at := 0; at+len(master) <= len(text); at++ {
			key, err := subtle.NewAESGCM(text[at : at+len(master)])
			require.NoError(t, err)
			if _, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(stored)), key, subject[:]); err == nil {
				return true
			}
		}
	}
	return false
}

// ticketOf registers a ticket with personal data in every field and brings it
// to an end; it returns the last answer and the ticket's path.
func (s *served) ticketOf(t *testing.T, name, phone, text, signer string) (last reply, path string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"site": "hq", "channel": "phone", "kind": "fault", "level": 2, "customer": name, "phone": phone, "text": text,
	})
	require.NoError(t, err)
	desk := s.token(t, "clerk")
	last = s.do(t, call{method: http.MethodPost, path: "/v1/tickets", token: desk, key: "call", body: string(body)})
	require.Equal(t, http.StatusCreated, last.status, last.body)
	path = last.header.Get("Location")
	for _, step := range []struct{ name, body string }{
		{"accept", "{}"},
		{"resolve", `{"note":"` + text + `"}`},
		{"sign-off", `{"signer":"` + signer + `"}`},
	} {
		last = s.do(t, call{method: http.MethodPost, path: path + "/" + step.name, token: desk, key: step.name, body: step.body, match: last.header.Get("ETag")})
		require.Equal(t, http.StatusOK, last.status, last.body)
	}
	return last, path
}

// models are the program's, only to look at.
func models(t *testing.T, pool *pgxpool.Pool) *readmodel.Manager {
	t.Helper()
	m, err := newManager(pool, clock.System{})
	require.NoError(t, err)
	require.NoError(t, m.Refresh(t.Context()))
	return m
}

func digestsIn(t *testing.T, pool *pgxpool.Pool) map[string]string {
	t.Helper()
	return (&readModels{manager: models(t, pool)}).digests()
}

// subjectIn returns under whose key the only ticket's customer is sealed.
func subjectIn(t *testing.T, pool *pgxpool.Pool) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	sql := "SELECT (customer->>'subject')::uuid FROM " + pgx.Identifier{models(t, pool).Schema("ticket"), "ticket"}.Sanitize()
	require.NoError(t, pool.QueryRow(t.Context(), sql).Scan(&id))
	return id
}

// The search of TestAUD07 must be able to find something in each kind of file.
func TestAPlainCanaryIsFoundInEveryKindOfFile(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.run(t, "verify") // makes the folder
	canary := func(kind string) string { return "canary-" + kind + "-" + uuid.NewString() }

	row, file, event := canary("row"), canary("file"), canary("event")
	require.NoError(t, os.WriteFile(filepath.Join(i.dir, "note.log"), []byte("x"+base64.StdEncoding.EncodeToString([]byte("by "+file+" here"))), 0o600))
	pool, done := i.database(t)
	_, err := pool.Exec(t.Context(), "CREATE TABLE canary (name text)")
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "INSERT INTO canary VALUES ($1)", row)
	require.NoError(t, err)
	require.Condition(t, under(filesWith(t, i.dir, row), "pg_wal"), "PostgreSQL's log, at once")
	done()
	node := i.node(t)
	_, err = node.Append(t.Context(), "canary", commands.NoStream, []eventschemas.Proposed{{ID: uuid.New(), Type: "canary", Data: []byte(event), Meta: []byte("{}")}})
	require.NoError(t, err)
	closeNode(t, node)

	require.Condition(t, under(filesWith(t, i.dir, row), "base"), "PostgreSQL's table")
	require.Condition(t, under(filesWith(t, i.dir, event), "events"), "the event log")
	require.Equal(t, []string{"note.log"}, filesWith(t, i.dir, file))
}

func under(files []string, folder string) func() bool {
	return func() bool {
		for _, f := range files {
			if strings.Contains("/"+filepath.ToSlash(f), "/"+folder+"/") {
				return true
			}
		}
		return false
	}
}

// node opens the event log of a program that has ended.
func (i *installation) node(t *testing.T) *eventnode.Node {
	t.Helper()
	node, err := eventnode.Open(t.Context(), eventnode.Options{Clock: clock.System{}, Dir: filepath.Join(i.dir, "events"), Insecure: true})
	require.NoError(t, err)
	t.Cleanup(func() { closeNode(t, node) })
	return node
}

func closeNode(t *testing.T, node *eventnode.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, node.Close(ctx))
}
