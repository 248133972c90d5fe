package simulate

import (
	"cmp"
	"context"
	"slices"
	"time"
)

type ticketRow struct {
	ID         string     `json:"id"`
	Revision   int64      `json:"revision"`
	Number     string     `json:"number"`
	Status     string     `json:"status"`
	Technician *string    `json:"technician"`
	Cycle      int        `json:"cycle"`
	Level      int        `json:"level"`
	Class      string     `json:"class"`
	ResolvedAt *time.Time `json:"resolved_at"`
}

// tickets is the desk of the service department: tickets come, are accepted,
// dispatched, visited, resolved, signed off and closed; some pause, come back,
// are merged or withdrawn. Follow-up ratings and complaints are no part of the
// system: there is nothing to be asked of it.
func (s *Simulator) tickets(ctx context.Context, st *Site) error {
	if st.Set != "appliance-service" {
		return nil
	}
	clerk := st.one("clerk")
	if s.chance(400) {
		if _, err := s.do(ctx, clerk, "/v1/tickets", object{
			"site": st.Code, "channel": pick(s, []string{"phone", "web", "in_person"}), "kind": pick(s, []string{"repair", "installation", "fault"}), "level": 1 + s.rng.IntN(4),
			"customer": "顾客", "phone": "13800000000", "text": "不制冷", "service_zone": pick(s, []string{"town", "suburb"}), "class": pick(s, []string{"A", "B", "C", "D"}),
		}, free); err != nil {
			return err
		}
	}
	rows, err := list[*ticketRow](ctx, s, clerk, "/v1/tickets?site="+st.Code)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *ticketRow) int { return cmp.Compare(a.Number, b.Number) })
	var open *ticketRow
	for _, t := range rows {
		if slices.Contains([]string{"closed", "merged", "withdrawn", "rejected"}, t.Status) {
			if err := s.reopen(ctx, clerk, t); err != nil {
				return err
			}
			continue
		}
		if !s.chance(650) {
			continue
		}
		if err := s.ticket(ctx, st, t, open); err != nil {
			return err
		}
		if t.Status == "registered" || t.Status == "accepted" {
			open = t
		}
	}
	return nil
}

func (s *Simulator) ticket(ctx context.Context, st *Site, t, other *ticketRow) error {
	clerk, path := st.one("clerk"), "/v1/tickets/"+t.ID
	tech := clerk
	if t.Technician != nil {
		if p := st.person(*t.Technician); p != nil && !p.Left {
			tech = p
		}
	}
	say := func(who *Person, verb string, body object) error {
		a, err := s.do(ctx, who, path+"/"+verb, body, t.Revision)
		if err == nil && a.ok() && a.revision >= 0 {
			t.Revision = a.revision
		}
		return err
	}
	switch t.Status {
	case "registered":
		switch {
		case s.chance(30):
			return say(clerk, "withdrawal", object{"reason": "顾客取消"})
		case s.chance(20):
			return say(clerk, "rejection", object{"reason": "非本公司产品"})
		case other != nil && s.chance(40):
			return say(clerk, "merge", object{"into": other.ID})
		case s.chance(60):
			return s.forbidden(ctx, "TKT-06", clerk, path+"/sign-off", object{"signer": "顾客"}, t.Revision)
		}
		return say(clerk, "accept", object{})
	case "accepted":
		p := pick(s, st.staff("technician"))
		return say(clerk, "assign", object{"technician": p.ID, "team": p.Team})
	case "assigned":
		return s.visit(t, tech, clerk, say)
	case "paused":
		return say(tech, "resume", object{})
	case "on_site":
		charge := object{"amount_fen": 3000 + s.rng.IntN(9000), "work": "on_site", "voucher": "V", "reason": "上门费"}
		switch paid := t.Class == "A" || t.Class == "B"; {
		case paid && s.chance(300):
			if err := say(tech, "charges", charge); err != nil {
				return err
			}
		case !paid && s.chance(50):
			if err := s.forbidden(ctx, "TKT-05", tech, path+"/charges", charge, t.Revision); err != nil {
				return err
			}
		}
		return say(tech, "resolve", object{"note": "更换部件"})
	case "resolved":
		return say(tech, "sign-off", object{"signer": "顾客"})
	case "signed_off":
		return say(clerk, "close", object{})
	}
	return nil
}

// visit is what happens until the technician is there.
func (s *Simulator) visit(t *ticketRow, tech, clerk *Person, say func(*Person, string, object) error) error {
	switch n := s.rng.IntN(100); {
	case n < 8:
		return say(tech, "pause", object{"reason": pick(s, []string{"customer", "parts"}), "clocks": []string{"resolution"}, "evidence": "电话记录"})
	case n < 14:
		return say(tech, "notes", object{"text": "路上", "to_customer": true})
	case n < 18:
		return say(tech, "help", object{"to": "technical_department", "customer_told": true})
	case n < 21 && t.Level > 1:
		return say(clerk, "level", object{"level": t.Level - 1, "reason": "影响扩大"})
	case n < 25:
		return say(clerk, "arrival-agreement", object{"arrival_by": instant(s.today().AddDate(0, 0, 1).Add(10 * time.Hour)), "set_by": "customer"})
	}
	return say(tech, "arrive", object{})
}

// reopen is a customer whose fault came back: within thirty days it is the same
// ticket, later it is not (TKT-16).
func (s *Simulator) reopen(ctx context.Context, clerk *Person, t *ticketRow) error {
	if t.Status != "closed" || t.ResolvedAt == nil {
		return nil
	}
	path, body := "/v1/tickets/"+t.ID+"/reopen", object{"reason": "同一故障", "same_fault": true}
	switch since := s.in.Now().Sub(*t.ResolvedAt); {
	case t.Cycle <= 1 && since < 25*24*time.Hour && s.chance(3):
		_, err := s.do(ctx, clerk, path, body, t.Revision)
		return err
	case since > 40*24*time.Hour && since < 41*24*time.Hour && s.chance(30):
		return s.forbidden(ctx, "TKT-16", clerk, path, body, t.Revision)
	}
	return nil
}
