package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
)

// openPersonal is the action that a caller needs to see personal fields.
const openPersonal = "openPersonal"

// opening opens the personal fields of one answer: for those who may see them,
// and not before the look is recorded (AUD-07, AUD-08).
type opening struct {
	s     *Server
	ctx   context.Context //nolint:containedctx // lives for one answer
	x     *exchange
	may   map[string]bool // by site
	seen  map[uuid.UUID]bool
	looks []Access
	err   error // the first one
}

func (s *Server) opening(ctx context.Context) *opening {
	return &opening{s: s, ctx: ctx, x: exchangeOf(ctx), may: map[string]bool{}, seen: map[uuid.UUID]bool{}}
}

func (o *opening) allowed(site string) bool {
	ok, known := o.may[site]
	if !known {
		_, ok = o.s.Authorizer.Authorize(o.x.actor, o.x.sites, openPersonal, site)
		o.may[site] = ok
	}
	return ok
}

// open returns what the caller gets to see of one field of a site's data.
func (o *opening) open(site string, v domain.Sealed, field string) Personal {
	switch {
	case o.err != nil || v.IsZero():
		return Personal{}
	case !o.allowed(site):
		return Personal{Masked: true}
	}
	return o.opened(v, field)
}

// opened returns one field to a caller who may see it, and notes the look.
func (o *opening) opened(v domain.Sealed, field string) Personal {
	if o.err != nil || v.IsZero() {
		return Personal{}
	}
	subject := v.Subject
	text, err := o.s.Opener.Open(o.ctx, v, field)
	switch {
	case errors.Is(err, commands.ErrErased):
		return Personal{Subject: &subject, Erased: true}
	case err != nil:
		o.err = fmt.Errorf("open field %s of subject %s: %w", field, v.Subject, err)
		return Personal{}
	}
	if !o.seen[v.Subject] {
		o.seen[v.Subject] = true
		o.looks = append(o.looks, Access{Actor: o.actor(), Subject: v.Subject, Purpose: o.x.op.ID, Target: o.x.path})
	}
	return Personal{Subject: &subject, Value: &text}
}

func (o *opening) actor() string {
	if o.x.actor.Person != "" {
		return o.x.actor.Person
	}
	return o.x.actor.Subject
}

// done records the looks; without that nothing is shown (AUD-08).
func (o *opening) done() error {
	if o.err != nil || len(o.looks) == 0 {
		return o.err
	}
	if err := o.s.AccessLog.Record(o.ctx, o.looks); err != nil {
		return fmt.Errorf("record access to personal data: %w", err)
	}
	return nil
}

func (o *opening) ticket(t SealedTicket) Ticket {
	out := t.Ticket
	out.Customer = o.open(out.Site, t.Customer, commands.FieldName)
	out.Phone = o.open(out.Site, t.Phone, commands.FieldPhone)
	out.Text = o.open(out.Site, t.Text, commands.FieldText)
	if out.Targets == nil {
		out.Targets = []TargetState{}
	}
	return out
}

func (o *opening) person(p SealedPerson) Person {
	out := p.Person
	out.Name = o.open(out.Site, p.Name, commands.FieldName)
	out.Phone = o.open(out.Site, p.Phone, commands.FieldPhone)
	return out
}

// fields says under which name the value of a JSON field of an event was sealed.
var fields = map[string]string{
	"customer": commands.FieldName, "name": commands.FieldName, "phone": commands.FieldPhone, "text": commands.FieldText,
	"evidence": commands.FieldEvidence, "note": commands.FieldNote, "signer": commands.FieldSigner,
}

// event replaces every sealed field of an event by what the caller may see. A
// sealed value under a name that is not known stays masked.
func (o *opening) event(site string, e SealedEvent) HistoryEvent {
	out := e.HistoryEvent
	dec := json.NewDecoder(bytes.NewReader(e.Sealed))
	dec.UseNumber()
	var data map[string]any
	if err := dec.Decode(&data); err != nil {
		o.fail(fmt.Errorf("decode event %s: %w", e.EventId, err))
		return out
	}
	for name, v := range data {
		data[name] = o.reveal(site, name, v)
	}
	b, err := json.Marshal(data)
	if err != nil {
		o.fail(fmt.Errorf("encode event %s: %w", e.EventId, err))
	}
	out.Data = b
	return out
}

func (o *opening) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

func (o *opening) reveal(site, name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if sealed, ok := asSealed(v); ok {
			field, known := fields[name]
			if !known {
				return Personal{Masked: !sealed.IsZero()}
			}
			return o.open(site, sealed, field)
		}
		for k := range v {
			v[k] = o.reveal(site, k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = o.reveal(site, name, v[i])
		}
	}
	return v
}

// asSealed recognizes the wire form of a sealed field.
func asSealed(m map[string]any) (domain.Sealed, bool) {
	if len(m) != 3 || !has(m, "subject") || !has(m, "key") || !has(m, "ciphertext") {
		return domain.Sealed{}, false
	}
	b, err := json.Marshal(m)
	var s domain.Sealed
	if err != nil || json.Unmarshal(b, &s) != nil {
		return domain.Sealed{}, false
	}
	return s, true
}

func has(m map[string]any, key string) bool { _, ok := m[key]; return ok }
