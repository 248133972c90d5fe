package api_test

import (
	"strings"

	"github.com/google/uuid"
)

// headers are wrong headers, and right ones that do not fit.
func (p *place) headers() map[string]refusal {
	out := map[string]refusal{
		"a rule refuses":       {path: p.path + "/sign-off", body: `{"signer":"x"}`, header: map[string]string{"If-Match": p.tag}, status: 409, key: "ticket.not_resolved"},
		"a stale If-Match":     {path: p.accept, body: `{}`, header: map[string]string{"If-Match": `"99"`}, status: 412, key: "problem.stale"},
		"no If-Match":          {path: p.accept, body: `{}`, status: 428, key: "problem.precondition_required"},
		"If-Match of anything": {path: p.accept, body: `{}`, header: map[string]string{"If-Match": "*"}, status: 400, key: "param.if_match"},
		"a weak If-Match":      {path: p.accept, body: `{}`, header: map[string]string{"If-Match": "W/" + p.tag}, status: 400, key: "param.if_match"},
		"a list in If-Match":   {path: p.accept, body: `{}`, header: map[string]string{"If-Match": p.tag + "," + p.tag}, status: 400, key: "param.if_match"},
		"If-Match with a plus": {path: p.accept, body: `{}`, header: map[string]string{"If-Match": `"+1"`}, status: 400, key: "param.if_match"},
		"no Idempotency-Key":   {path: p.accept, body: `{}`, header: map[string]string{"If-Match": p.tag, "Idempotency-Key": ""}, status: 400, key: "param.missing"},
		"a key with a blank":   {path: p.accept, body: `{}`, header: map[string]string{"If-Match": p.tag, "Idempotency-Key": "a b"}, status: 400, key: "param.invalid"},
		"an unknown id":        {path: "/v1/tickets/" + uuid.NewString() + "/accept", body: `{}`, header: map[string]string{"If-Match": p.tag}, status: 404, key: "problem.not_found"},
		"a malformed id":       {path: "/v1/tickets/7/accept", body: `{}`, header: map[string]string{"If-Match": p.tag}, status: 400, key: "param.invalid"},
	}
	for name, v := range map[string]string{
		"no quotes": "0", "one quote": `"0`, "empty quotes": `""`, "a negative": `"-1"`, "a padded one": `"00"`, "a fraction": `"0.0"`, "a text": `"abc"`, "an exponent": `"0e0"`,
		"too large a number": `"9223372036854775808"`, "blanks within": `" 0"`, "single quotes": "'0'", "full-width digits": `"０"`, "hexadecimal": `"0x0"`,
		"a weak one in small": `w/"0"`, "two, one of them right": `"7", ` + p.tag, "a star among others": `*, ` + p.tag,
	} {
		out["If-Match: "+name] = refusal{path: p.accept, body: `{}`, header: map[string]string{"If-Match": v}, status: 400, key: "param.if_match"}
	}
	out["If-Match: longer than any"] = refusal{path: p.accept, body: `{}`, header: map[string]string{"If-Match": `"` + strings.Repeat("1", 40) + `"`}, status: 400, key: "param.invalid"}
	out["If-Match: a control character"] = refusal{path: p.accept, body: `{}`, header: map[string]string{"If-Match": "\x01"}, status: 400, key: "param.text"}
	out["If-Match twice"] = refusal{path: p.accept, body: `{}`, header: map[string]string{"If-Match": p.tag}, more: map[string]string{"If-Match": p.tag}, status: 400, key: "param.repeated"}
	out["If-None-Match is none"] = refusal{path: p.accept, body: `{}`, header: map[string]string{"If-None-Match": p.tag}, status: 428, key: "problem.precondition_required"}
	for name, v := range map[string]string{
		"too long": strings.Repeat("k", 201), "a line end": "a\tb", "not ASCII": "键", "delete": "a\x7f",
	} {
		key := "param.invalid"
		if name == "delete" {
			key = "param.text"
		}
		out["Idempotency-Key: "+name] = refusal{path: tickets, body: newTicket, header: map[string]string{"Idempotency-Key": v}, status: 400, key: key}
	}
	out["Idempotency-Key: no UTF-8"] = refusal{path: tickets, body: newTicket, header: map[string]string{"Idempotency-Key": "a\xff"}, status: 400, key: "param.text"}
	out["Idempotency-Key twice"] = refusal{path: tickets, body: newTicket, more: map[string]string{"Idempotency-Key": "b"}, status: 400, key: "param.repeated"}
	out["no Idempotency-Key to register"] = refusal{path: tickets, body: newTicket, header: map[string]string{"Idempotency-Key": ""}, status: 400, key: "param.missing"}
	out["no Idempotency-Key to erase"] = refusal{method: "DELETE", path: "/v1/subjects/" + subject.String() + "?reason=x", token: p.f.token("admin"), status: 400, key: "param.missing"}
	for name, v := range map[string]string{"a text": "x", "a negative": "-1", "a fraction": "1.5", "SQL": "1 OR 1=1", "19 digits": "9223372036854775808"} {
		out["Last-Event-ID: "+name] = refusal{method: "GET", path: "/v1/changes", header: map[string]string{"Last-Event-ID": v}, status: 400, key: "param.invalid"}
	}
	out["Last-Event-ID twice"] = refusal{method: "GET", path: "/v1/changes", header: map[string]string{"Last-Event-ID": "1"}, more: map[string]string{"Last-Event-ID": "2"}, status: 400, key: "param.repeated"}
	return out
}
