package simulate

import (
	"cmp"
	"context"
	"slices"
)

type exchangeRow struct {
	ID            string `json:"id"`
	Revision      int64  `json:"revision"`
	Status        string `json:"status"`
	Applicant     string `json:"applicant"`
	Keeper        holder `json:"keeper"`
	NeedsApproval bool   `json:"needs_approval"`
	AppliedAt     string `json:"applied_at"`
	Outcome       string `json:"outcome"`
	Old           struct {
		ID     string `json:"id"`
		Number string `json:"number"`
	} `json:"old"`
	Wanted struct {
		Kind string `json:"kind"`
		Spec string `json:"spec"`
	} `json:"wanted"`
}

// over are the states in which an exchange has come to its end.
func (e *exchangeRow) over() bool {
	return slices.Contains([]string{"settled", "refused", "withdrawn", "usable", "in_repair"}, e.Status)
}

// exchanges leads each exchange of old for new a step on, and begins some (EXC-01 to 07).
func (s *Simulator) exchanges(ctx context.Context, st *Site) error {
	rows, err := list[*exchangeRow](ctx, s, st.one("manager"), "/v1/exchanges?site="+st.Code)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *exchangeRow) int { return cmp.Compare(a.AppliedAt+a.Old.Number, b.AppliedAt+b.Old.Number) })
	open := map[string]bool{}
	for _, e := range rows {
		if e.over() {
			continue
		}
		open[e.Old.ID] = true
		if s.chance(700) {
			if err := s.exchange(ctx, st, e); err != nil {
				return err
			}
		}
	}
	if !s.chance(120) {
		return nil
	}
	t := s.tool(st, func(t *toolRow) bool {
		return t.Standing == "issued" && t.Holder.Kind == "person" && t.KeptBy == nil && !open[t.ID] && t.Blocked == "" && t.Use == "personal"
	})
	if t == nil {
		return nil
	}
	if other := pick(s, st.staff("technician")); other.ID != t.Holder.Who && s.chance(150) {
		if err := s.forbidden(ctx, "EXC-01", other, "/v1/exchanges", object{"tool": t.ID, "reason": "磨损"}, free); err != nil {
			return err
		}
	}
	_, err = s.do(ctx, st.person(t.Holder.Who), "/v1/exchanges", object{"tool": t.ID, "reason": "磨损"}, free)
	return err
}

func (s *Simulator) exchange(ctx context.Context, st *Site, e *exchangeRow) (err error) {
	path, keeper, manager := "/v1/exchanges/"+e.ID, st.one("storekeeper"), st.one("manager")
	applicant := st.person(e.Applicant)
	say := func(who *Person, verb string, body object) error {
		_, err := s.do(ctx, who, path+"/"+verb, body, e.Revision)
		return err
	}
	switch e.Status {
	case "applied":
		switch {
		case e.NeedsApproval && s.chance(80):
			return say(manager, "refuse", object{"reason": "尚可使用"})
		case e.NeedsApproval:
			return say(manager, "approve", object{})
		case s.chance(40):
			return say(applicant, "withdraw", object{"reason": "不换了"})
		}
		return say(keeper, "surrender", object{"store": st.Stores[0], "giver": e.Keeper.Who})
	case "approved":
		return say(keeper, "surrender", object{"store": st.Stores[0], "giver": e.Keeper.Who})
	case "surrendered":
		return s.inspectOld(ctx, st, e)
	case "inspected":
		return s.choose(ctx, st, e)
	case "reserved":
		if s.chance(100) {
			return say(manager, "cancel", object{"reason": "另有安排"})
		}
		return say(applicant, "complete", object{})
	}
	return nil
}

// inspectOld is what the storekeeper finds of the old tool (EXC-02).
func (s *Simulator) inspectOld(ctx context.Context, st *Site, e *exchangeRow) error {
	body := object{"outcome": "no_repair_value", "scrap_note": "磨损"}
	switch n := s.rng.IntN(100); {
	case n < 15:
		body = object{"outcome": "usable"}
	case n < 35:
		body = object{"outcome": "repairable", "repairer": "维修站"}
	case n < 50:
		body["human_fault"], body["finding"] = true, "当锤子使用"
	}
	_, err := s.do(ctx, st.one("storekeeper"), "/v1/exchanges/"+e.ID+"/inspect", body, e.Revision)
	return err
}

// choose takes a worn but sound tool of the same model before a new one (EXC-03).
func (s *Simulator) choose(ctx context.Context, st *Site, e *exchangeRow) error {
	path, keeper := "/v1/exchanges/"+e.ID, st.one("storekeeper")
	t := s.tool(st, func(t *toolRow) bool {
		return s.sound(st)(t) && t.ID != e.Old.ID && t.Kind == e.Wanted.Kind && t.Spec == e.Wanted.Spec
	})
	if t == nil {
		if s.chance(15) { // else it waits for what the crew has asked for
			_, err := s.do(ctx, keeper, path+"/cancel", object{"reason": "无库存"}, e.Revision)
			return err
		}
		return nil
	}
	_, err := s.do(ctx, keeper, path+"/choose", object{"replacement": t.ID, "declined": "已检查"}, e.Revision)
	return err
}
