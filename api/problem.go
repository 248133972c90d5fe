package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// problemKind is one of the closed set of problems.
type problemKind struct {
	name       string // last part of the URN, and of the title's key
	status     int
	retryAfter int // seconds, 0 for none
}

// The problems.
var (
	kindMalformed       = problemKind{"malformed", http.StatusBadRequest, 0}
	kindUnauthenticated = problemKind{"unauthenticated", http.StatusUnauthorized, 0}
	kindForbidden       = problemKind{"forbidden", http.StatusForbidden, 0}
	kindNotFound        = problemKind{"not_found", http.StatusNotFound, 0}
	kindMethod          = problemKind{"method", http.StatusMethodNotAllowed, 0}
	kindRefused         = problemKind{"refused", http.StatusConflict, 0}
	kindBeyond          = problemKind{"not_there_yet", http.StatusConflict, 1}
	kindStale           = problemKind{"stale", http.StatusPreconditionFailed, 0}
	kindTooLarge        = problemKind{"too_large", http.StatusRequestEntityTooLarge, 0}
	kindInvalid         = problemKind{"invalid", http.StatusUnprocessableEntity, 0}
	kindKeyReused       = problemKind{"key_reused", http.StatusUnprocessableEntity, 0}
	kindPrecondition    = problemKind{"precondition_required", http.StatusPreconditionRequired, 0}
	kindUnconfirmed     = problemKind{"confirmation_required", http.StatusPreconditionRequired, 0}
	kindLimited         = problemKind{"rate_limited", http.StatusTooManyRequests, 1}
	kindUnavailable     = problemKind{"unavailable", http.StatusServiceUnavailable, 1}
	kindStorageFull     = problemKind{"storage_full", http.StatusServiceUnavailable, 60}
	kindInternal        = problemKind{"internal", http.StatusInternalServerError, 0}
)

// problem is an error that knows its answer.
type problem struct {
	kind    problemKind
	rule    string
	key     string // of the detail's text
	args    map[string]any
	pointer string
	faults  []fault
}

// Error tells the machine form; people read the catalogue's text.
func (p *problem) Error() string { return p.kind.name + ": " + p.key }

// problemFor turns an error into the problem that answers it.
func problemFor(err error) *problem {
	var own *problem
	var rule *domain.RuleError
	var invalid *domain.InvalidError
	var stale *commands.StaleError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &rule):
		return &problem{kind: kindRefused, rule: rule.Rule, key: rule.Key, args: rule.Args}
	case errors.As(err, &invalid):
		return &problem{
			kind: kindInvalid, rule: invalid.Rule, key: invalid.Key, args: invalid.Args, pointer: invalid.Pointer,
			faults: []fault{{pointer: invalid.Pointer, keyword: "rule", key: invalid.Key, args: invalid.Args}},
		}
	case errors.As(err, &stale):
		return &problem{kind: kindStale, key: "problem.stale", args: map[string]any{"revision": stale.Actual}}
	}
	for _, known := range []struct {
		err  error
		kind problemKind
		key  string
	}{
		{commands.ErrNotFound, kindNotFound, "problem.not_found"},
		{commands.ErrKeyReused, kindKeyReused, "problem.key_reused"},
		{commands.ErrErased, kindRefused, "problem.erased"},
		{commands.ErrStorageFull, kindStorageFull, "problem.storage_full"},
		{commands.ErrUnknownOutcome, kindUnavailable, "problem.unknown_outcome"},
		{commands.ErrBusy, kindUnavailable, "problem.busy"},
		{commands.ErrUnavailable, kindUnavailable, "problem.unavailable"},
		{ErrBeyond, kindBeyond, "problem.not_there_yet"},
		{ErrBadCursor, kindMalformed, "param.cursor"},
		{context.DeadlineExceeded, kindUnavailable, "problem.timeout"},
		{context.Canceled, kindUnavailable, "problem.timeout"},
	} {
		if errors.Is(err, known.err) {
			return &problem{kind: known.kind, key: known.key}
		}
	}
	return &problem{kind: kindInternal, key: "problem.internal"}
}

// fail answers an error. What the caller must not know goes to the log only.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemFor(err)
	if p.kind == kindInternal && s.Unavailable != nil && s.Unavailable(err) {
		p = &problem{kind: kindUnavailable, key: "problem.unavailable"}
	}
	switch p.kind.status {
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		s.Log.ErrorContext(r.Context(), "request not served", "method", r.Method, "operation", operationOf(r.Context()), "error", err)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="fieldledger"`)
	}
	if p.kind.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.kind.retryAfter))
	}
	if p.args != nil && s.App != nil {
		p.args = s.App.Names.Known(r.Context(), p.args) // TOL-14: who has it is told by the number that people know
	}
	b, encodeErr := json.Marshal(s.render(p, s.Match(r.Header.Get("Accept-Language"))))
	if encodeErr != nil { // a value in args that is no JSON never gets here: only texts are encoded
		panic(encodeErr)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.kind.status)
	_, _ = w.Write(append(b, '\n'))
}

func (s *Server) render(p *problem, lang string) Problem {
	out := Problem{
		Type: "urn:fieldledger:problem:" + p.kind.name, Title: s.Text(lang, "title."+p.kind.name, nil), Status: p.kind.status,
		Detail: s.Text(lang, p.key, p.args), Rule: p.rule, Key: p.key, Pointer: p.pointer, Errors: []Fault{},
	}
	for _, f := range p.faults {
		out.Errors = append(out.Errors, Fault{
			Pointer: f.pointer, Parameter: f.parameter, Keyword: f.keyword, Limit: f.limit, Detail: s.Text(lang, f.key, f.args),
		})
	}
	return out
}
