package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/fieldledger/fieldledger/commands"
)

const macSize = 16 // bytes

// signer makes opaque tokens that only it can have made.
type signer struct{ secret []byte }

// sign returns the token of v, which encodes without error. One v has one token.
func (s signer) sign(kind string, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only for a type that JSON does not know
	}
	return base64.RawURLEncoding.EncodeToString(append(s.mac(kind, b), b...))
}

// verify decodes a token of a kind into v; false if we did not make it.
func (s signer) verify(kind, token string, v any) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || strings.ContainsAny(token, "\r\n") || // which the decoder passes over
		len(b) < macSize || !hmac.Equal(b[:macSize], s.mac(kind, b[macSize:])) {
		return false
	}
	return json.Unmarshal(b[macSize:], v) == nil
}

func (s signer) mac(kind string, b []byte) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte(kind + "\x00"))
	h.Write(b)
	return h.Sum(nil)[:macSize]
}

// position is a place in a stream, as Fieldledger-Position tells it.
type position struct {
	Stream   string `json:"s"`
	Revision int64  `json:"r"`
}

// cursor is where a page ended: of which list, for whom and as of when.
type cursor struct {
	List   string `json:"l"` // operation and its parameters
	Caller string `json:"c"`
	Number int64  `json:"n"` // log number of the first page, so that all pages are of one moment
	After  string `json:"a"` // what the query said
}

// listKey names a list by its operation, path and parameters, without those that turn pages.
func listKey(operation, path string, query url.Values) string {
	q := url.Values{}
	for name, values := range query {
		if name != "cursor" && name != "limit" && name != "min_position" {
			q[name] = values
		}
	}
	sum := sha256.Sum256([]byte(operation + "\x00" + path + "\x00" + q.Encode()))
	return base64.RawURLEncoding.EncodeToString(sum[:macSize])
}

// etag is a revision as ETag and If-Match tell it.
func etag(revision int64) *string {
	s := strconv.Quote(strconv.FormatInt(revision, 10))
	return &s
}

// parseIfMatch reads the one form that etag writes. Weak tags, lists and "*"
// are refused: a command must say which revision its caller saw.
func parseIfMatch(s string) (*int64, error) {
	if len(s) < 3 || s[0] != '"' || s[len(s)-1] != '"' {
		return nil, badParameter("If-Match", "param.if_match")
	}
	n, err := strconv.ParseInt(s[1:len(s)-1], 10, 64)
	if err != nil || n < 0 || *etag(n) != s {
		return nil, badParameter("If-Match", "param.if_match")
	}
	return &n, nil
}

func (s *Server) position(r commands.Result) *string {
	t := s.signer.sign("position", position{r.Stream, r.Revision})
	return &t
}
