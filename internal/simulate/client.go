package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Installation is the system that a simulation lives in.
type Installation interface {
	// URL is where its API listens, "http://127.0.0.1:41234".
	URL() string
	// Token is a token for a person with roles, good for as long as a simulation takes.
	Token(p *Person) (string, error)
	// Now is what its clock tells.
	Now() time.Time
	// Set moves its clock, never back.
	Set(t time.Time)
	// Seen waits until the read models have seen what was written.
	Seen(ctx context.Context) error
	// Settle lets process managers and timers act until there is nothing to do
	// and the read models have seen it all.
	Settle(ctx context.Context) error
	// Head is how many events of ours the read models have seen.
	Head() int64
}

// answer is what the API said.
type answer struct {
	status   int
	revision int64 // of the thing after the command, -1 if it said none
	rule     string
	key      string
	body     []byte
}

func (a answer) ok() bool { return a.status < http.StatusMultipleChoices }

// into decodes the body.
func (a answer) into(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("read answer: %w: %.200s", err, a.body)
	}
	return nil
}

// id is the id of what was made.
func (a answer) id() string {
	var made struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(a.body, &made)
	return made.ID
}

// request asks the API once; an error means that there was no answer, or one
// that no actor should ever get.
func (s *Simulator) request(ctx context.Context, who *Person, method, path string, body any, revision int64) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var in io.Reader
	if body == nil && s.written { // else it would be chance whether it is seen
		if err := s.in.Seen(ctx); err != nil {
			return answer{}, fmt.Errorf("read %s: %w", path, err)
		}
	}
	s.written = body != nil
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, fmt.Errorf("encode request: %w", err)
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.in.URL()+path, in)
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	token, err := s.token(who)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		s.w.Commands++
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", fmt.Sprintf("sim-%d-%d", s.w.Seed, s.w.Commands))
	}
	if revision >= 0 {
		req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(revision, 10)))
	}
	res, err := s.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, revision: -1}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if n, err := strconv.ParseInt(strings.Trim(res.Header.Get("ETag"), `"`), 10, 64); err == nil {
		a.revision = n
	}
	if a.ok() {
		return a, nil
	}
	var problem struct {
		Rule string `json:"rule"`
		Key  string `json:"key"`
	}
	_ = json.Unmarshal(a.body, &problem)
	a.rule, a.key = problem.Rule, problem.Key
	if a.status == http.StatusConflict && a.rule != "" || a.status == http.StatusForbidden {
		return a, nil
	}
	text, _ := json.Marshal(body)
	return a, fmt.Errorf("%s %s by %s: status %d: %s; asked: %s", method, path, who.Name, a.status, a.body, text)
}

func (s *Simulator) token(p *Person) (string, error) {
	if t, ok := s.tokens[p.Key]; ok {
		return t, nil
	}
	t, err := s.in.Token(p)
	if err != nil {
		return "", fmt.Errorf("make token for %s: %w", p.Name, err)
	}
	s.tokens[p.Key] = t
	return t, nil
}

// Object is the body of a request.
type object = map[string]any

// free is the revision of a command on a thing whose revision does not matter.
const free = -1

// do gives a command that ought to be accepted. Where a rule refuses it all the
// same, that is counted, and the caller goes on as people do.
func (s *Simulator) do(ctx context.Context, who *Person, path string, body object, revision int64) (answer, error) {
	s.pass(ctx)
	a, err := s.request(ctx, who, http.MethodPost, path, body, revision)
	if err == nil && !a.ok() {
		s.w.Refused[ruleOf(a)]++
		s.w.Unplanned[operation(path)+" "+ruleOf(a)+" "+a.key]++
	}
	return a, err
}

// forbidden tries what a rule forbids; if it is accepted, a check will say so.
func (s *Simulator) forbidden(ctx context.Context, rule string, who *Person, path string, body object, revision int64) error {
	s.pass(ctx)
	a, err := s.request(ctx, who, http.MethodPost, path, body, revision)
	if err != nil {
		return err
	}
	s.w.Tried++
	switch got := ruleOf(a); {
	case a.ok() && bytes.Contains(a.body, []byte(`"changed":false`)): // it held already, and nothing happened (TKT-02)
		s.w.Unplanned["try of "+rule+": "+operation(path)+" changed nothing"]++
	case a.ok():
		s.w.Slipped = append(s.w.Slipped, fmt.Sprintf("%s: %s was accepted on %s", rule, operation(path), s.in.Now().Format(time.DateOnly)))
	case got != rule:
		s.w.Unplanned["try of "+rule+": "+operation(path)+" "+got+" "+a.key]++
		s.w.Refused[got]++
	default:
		s.w.Refused[got]++
	}
	return nil
}

func ruleOf(a answer) string {
	if a.status == http.StatusForbidden {
		return "403"
	}
	return a.rule
}

// operation is a path without its ids, to count by.
func operation(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(p) == 36 && strings.Count(p, "-") == 4 {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// get reads one thing.
func (s *Simulator) get(ctx context.Context, who *Person, path string, v any) error {
	a, err := s.request(ctx, who, http.MethodGet, path, nil, free)
	if err != nil {
		return err
	}
	if !a.ok() {
		return fmt.Errorf("GET %s by %s: status %d: %s", path, who.Name, a.status, a.body)
	}
	return a.into(v)
}

// tag is the revision of a thing.
func (s *Simulator) tag(ctx context.Context, who *Person, path string) (int64, error) {
	a, err := s.request(ctx, who, http.MethodGet, path, nil, free)
	if err == nil && !a.ok() {
		err = fmt.Errorf("GET %s by %s: status %d: %s", path, who.Name, a.status, a.body)
	}
	return a.revision, err
}

// list reads all pages of a list.
func list[T any](ctx context.Context, s *Simulator, who *Person, path string) ([]T, error) {
	var all []T
	for next := ""; ; {
		var page struct {
			Items []T     `json:"items"`
			Next  *string `json:"next"`
		}
		with := path + "&limit=500"
		if next != "" {
			with += "&cursor=" + next
		}
		if err := s.get(ctx, who, with, &page); err != nil {
			return nil, err
		}
		if all = append(all, page.Items...); page.Next == nil || *page.Next == "" {
			return all, nil
		}
		next = *page.Next
	}
}
