package simulate

import (
	"context"
	"time"
)

// signatures is people signing for what is offered to them, or refusing it (TOL-04).
func (s *Simulator) signatures(ctx context.Context, st *Site) error {
	return s.each(st, func(t *toolRow) bool { return t.OfferedTo != nil }, func(t *toolRow) error {
		p := st.person(t.OfferedTo.Who)
		if t.OfferedTo.Kind == "team" {
			p = s.member(st, t.OfferedTo.Who)
		}
		if p == nil || p.Left {
			return nil
		}
		if other := pick(s, st.staff("technician")); other.ID != p.ID && t.OfferedTo.Kind == "person" && s.chance(30) {
			if err := s.forbidden(ctx, "TOL-04", other, t.path()+"/accept", object{}, t.Revision); err != nil {
				return err
			}
		}
		if s.chance(40) {
			_, err := s.act(ctx, p, t, "refuse", object{"reason": "磨损"})
			return err
		}
		_, err := s.act(ctx, p, t, "accept", object{})
		return err
	})
}

// member is somebody of a team.
func (s *Simulator) member(st *Site, team string) *Person {
	var all []*Person
	for _, p := range st.staff("technician") {
		if p.Team == team {
			all = append(all, p)
		}
	}
	return pick(s, all)
}

// shifts is the hand-over of the crews' shared tools: who comes counts them;
// a shortage is a loss of the shift on duty (TOL-06, TOL-20).
func (s *Simulator) shifts(ctx context.Context, st *Site) error {
	for _, team := range st.Teams {
		var found, damaged, missing []string
		for _, t := range st.tools {
			if t.Holder != (holder{Kind: "team", Who: team}) || t.Standing != "issued" || t.KeptBy != nil {
				continue
			}
			switch n := s.rng.IntN(1000); {
			case n < 4:
				missing = append(missing, t.ID)
				st.touched[t.ID] = true
			case n < 10 && t.Blocked == "":
				damaged = append(damaged, t.ID)
				st.touched[t.ID] = true
			default:
				found = append(found, t.ID)
			}
		}
		if len(found)+len(damaged)+len(missing) == 0 {
			continue
		}
		taker := s.member(st, team)
		if taker == nil {
			continue
		}
		var page struct {
			OnDuty string `json:"on_duty"`
		}
		if err := s.get(ctx, taker, "/v1/teams/"+team+"/tools?site="+st.Code, &page); err != nil {
			return err
		}
		giver := st.person(page.OnDuty)
		if giver == nil {
			giver = s.member(st, team)
		}
		body := object{"kind": "shift", "giver": giver.ID, "place": "班组库", "found": list0(found), "damaged": list0(damaged), "missing": list0(missing)}
		if giver.ID == taker.ID {
			delete(body, "giver")
			body["kind"] = "regular"
		}
		if _, err := s.do(ctx, taker, "/v1/teams/"+team+"/tool-checks", body, free); err != nil {
			return err
		}
	}
	return s.handOver(ctx, st)
}

func list0(of []string) []string {
	if of == nil {
		return []string{}
	}
	return of
}

// handOver passes a tool from one to another; the service department forbids
// it but for special circumstances (TOL-07, TOL-08).
func (s *Simulator) handOver(ctx context.Context, st *Site) error {
	if !s.chance(250) {
		return nil
	}
	t := s.tool(st, func(t *toolRow) bool {
		return t.Standing == "issued" && t.Holder.Kind == "person" && t.Blocked == "" && t.KeptBy == nil && t.Use == "personal" && !st.lapsed(t, s.today()) && st.Set != "workshop"
	})
	if t == nil {
		return nil
	}
	to := pick(s, st.staff("technician"))
	if to.ID == t.Holder.Who || to.Leaves {
		return nil
	}
	body := object{"to": personal(to), "reason": "换班"}
	if st.Set == "appliance-service" {
		if err := s.forbidden(ctx, "TOL-08", to, t.path()+"/hand-over", body, t.Revision); err != nil {
			return err
		}
		id, err := s.approved(ctx, st, to, st.one("manager"), object{"act": "hand_over", "tools": []string{t.ID}, "to": personal(to)})
		if err != nil {
			return err
		}
		body["approval"] = id
	}
	_, err := s.act(ctx, to, t, "hand-over", body)
	return err
}

// faults is people finding what is broken (TOL-11, TOL-18).
func (s *Simulator) faults(ctx context.Context, st *Site) error {
	if s.chance(200) {
		if t := s.tool(st, func(t *toolRow) bool {
			return (t.Standing == "issued" || t.Standing == "lent") && t.Holder.Kind == "person" && t.Blocked == "" && t.KeptBy == nil
		}); t != nil {
			if _, err := s.act(ctx, st.person(t.Holder.Who), t, "fault", object{"note": "不转"}); err != nil {
				return err
			}
		}
	}
	if s.chance(30) {
		if t := s.tool(st, func(t *toolRow) bool { return s.sound(st)(t) }); t != nil {
			if _, err := s.act(ctx, st.one("storekeeper"), t, "block", object{"reason": "fault", "note": "待查"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// toolPage is a tool with its repair.
type toolPage struct {
	Tool   toolRow `json:"tool"`
	Repair struct {
		Stage       string `json:"stage"`
		PlannedBy   string `json:"planned_by"`
		Repairer    string `json:"repairer"`
		EstimateFen int64  `json:"estimate_fen"`
	} `json:"repair"`
}

// repairs leads what is broken through plan, approval, repair and back, or clears it (TOL-11, TOL-18).
func (s *Simulator) repairs(ctx context.Context, st *Site) error {
	broken := func(t *toolRow) bool {
		return t.KeptBy == nil && !t.Surrendered && (t.Blocked == "fault" || t.Standing == "in_repair") && t.OfferedTo == nil && t.Standing != "missing" && t.Standing != "scrapped" && s.chance(400)
	}
	return s.each(st, broken, func(t *toolRow) error { return s.repair(ctx, st, t) })
}

func (s *Simulator) repair(ctx context.Context, st *Site, t *toolRow) error {
	keeper, manager := st.one("storekeeper"), st.one("manager")
	var page toolPage
	if err := s.get(ctx, keeper, t.path(), &page); err != nil {
		return err
	}
	switch r := page.Repair; {
	case t.Standing == "issued" || t.Standing == "lent":
		if t.Holder.Kind == "store" {
			return nil
		}
		return s.bring(ctx, st, t, "damaged")
	case t.Standing == "in_repair":
		result := "repaired"
		if s.chance(150) {
			result = "beyond_repair"
		}
		_, err := s.act(ctx, keeper, t, "return", object{"store": t.Home, "condition": "worn", "repair": object{"result": result, "cost_fen": 1000 + s.rng.IntN(9000)}})
		return err
	case r.Stage == "" && s.chance(300):
		_, err := s.act(ctx, keeper, t, "clear", object{"note": "检查合格"})
		return err
	case r.Stage == "" || r.Stage == "reported":
		_, err := s.act(ctx, keeper, t, "repair-plan", object{"repairer": "维修站", "estimate_fen": 5000 + s.rng.IntN(5000)})
		return err
	case r.Stage == "planned":
		_, err := s.act(ctx, manager, t, "repair-approval", object{"estimate_fen": r.EstimateFen})
		return err
	case r.Stage == "approved":
		_, err := s.act(ctx, keeper, t, "repair", object{"repairer": r.Repairer})
		return err
	}
	return nil
}

// lose is people losing tools (LOS-01), and tools that are found again (LOS-09).
func (s *Simulator) lose(ctx context.Context, st *Site) error {
	if s.chance(90) {
		if t := s.tool(st, func(t *toolRow) bool {
			return (t.Standing == "issued" || t.Standing == "lent") && t.Holder.Kind == "person" && t.KeptBy == nil
		}); t != nil {
			if _, err := s.act(ctx, st.person(t.Holder.Who), t, "missing", object{
				"lost_at": instant(s.in.Now().Add(-time.Hour)), "place": "二号水仓", "circumstances": "检修时掉落",
			}); err != nil {
				return err
			}
		}
	}
	if s.chance(30) {
		if t := s.tool(st, func(t *toolRow) bool { return t.Standing == "missing" }); t != nil {
			if _, err := s.act(ctx, st.one("storekeeper"), t, "found", object{"store": t.Home}); err != nil {
				return err
			}
		}
	}
	if s.chance(10) {
		if t := s.tool(st, func(t *toolRow) bool { return t.Standing == "issued" && t.Holder.Kind == "person" && t.KeptBy == nil }); t != nil {
			return s.forbidden(ctx, "LOS-09", st.one("storekeeper"), t.path()+"/found", object{"store": t.Home}, t.Revision)
		}
	}
	return nil
}
