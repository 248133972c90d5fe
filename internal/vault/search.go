package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The kinds of search.
const (
	KindName  = "name"
	KindPhone = "phone"
)

// Term is a personal value by which a stream can be found.
type Term struct {
	Kind      string // KindName or KindPhone
	Plaintext string
	Subject   uuid.UUID
	Stream    string
}

// Index makes stream findable by plaintext until the subject is erased. Only
// a keyed digest is stored. A value with nothing to search in it, and one of
// an erased subject, adds nothing.
func (v *Vault) Index(ctx context.Context, kind, plaintext string, subject uuid.UUID, stream string) error {
	return v.IndexAll(ctx, []Term{{kind, plaintext, subject, stream}})
}

const addTerms = `
-- Nothing is kept of a destroyed subject; what is there already stays.
INSERT INTO vault.search_token (token, subject, kind, stream)
SELECT DISTINCT t.token, t.subject, t.kind, t.stream
FROM unnest(@tokens::bytea[], @subjects::uuid[], @kinds::text[], @streams::text[]) AS t (token, subject, kind, stream)
WHERE NOT EXISTS (SELECT FROM vault.destroyed_subject d WHERE d.subject = t.subject)
ORDER BY 1, 2, 3, 4
ON CONFLICT DO NOTHING`

// IndexAll is Index for many terms in one transaction.
func (v *Vault) IndexAll(ctx context.Context, terms []Term) error {
	var tokens [][]byte
	var subjects []uuid.UUID
	var kinds, streams []string
	for _, t := range terms {
		if token := v.token(t.Kind, t.Plaintext); token != nil {
			tokens, subjects = append(tokens, token), append(subjects, t.Subject)
			kinds, streams = append(kinds, t.Kind), append(streams, t.Stream)
		}
	}
	if len(tokens) == 0 {
		return nil
	}
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if err := share(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, addTerms, pgx.NamedArgs{
			"tokens": tokens, "subjects": subjects, "kinds": kinds, "streams": streams,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("index personal values: %w", err)
	}
	return nil
}

const findStreams = `
-- Streams found by a token, at most a thousand.
SELECT DISTINCT stream FROM vault.search_token
WHERE token = @token AND kind = @kind ORDER BY stream LIMIT 1000`

// Search returns the streams that were indexed under the same value, in
// order, at most 1,000. Width, case and spacing of a name make no difference,
// nor do punctuation and the country code 86 of a telephone number.
func (v *Vault) Search(ctx context.Context, kind, plaintext string) ([]string, error) {
	token := v.token(kind, plaintext)
	if token == nil {
		return nil, nil
	}
	rows, err := v.pool.Query(ctx, findStreams, pgx.NamedArgs{"token": token, "kind": kind})
	if err != nil {
		return nil, fmt.Errorf("search personal values: %w", err)
	}
	streams, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("search personal values: %w", err)
	}
	return streams, nil
}

// token is the keyed digest of a value, nil if there is nothing to search in it.
func (v *Vault) token(kind, plaintext string) []byte {
	normal := normalize(kind, plaintext)
	if normal == "" {
		return nil
	}
	mac := hmac.New(sha256.New, v.search)
	mac.Write([]byte(kind + "\x00" + normal))
	return mac.Sum(nil)
}

// normalize brings the spellings of one value to one form.
func normalize(kind, text string) string {
	text = norm.NFKC.String(text)
	if kind == KindPhone {
		return digits(text)
	}
	return strings.Join(strings.Fields(norm.NFKC.String(cases.Fold().String(text))), " ")
}

func digits(text string) string {
	number := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || r == '+' {
			return r
		}
		return -1
	}, text)
	for _, country := range []string{"+86", "0086"} {
		number = strings.TrimPrefix(number, country)
	}
	return strings.ReplaceAll(number, "+", "00")
}
