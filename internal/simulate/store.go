package simulate

import (
	"context"
	"time"
)

// climate is the reading of the tool room in the morning (INS-03).
func (s *Simulator) climate(ctx context.Context, st *Site) error {
	temperature, humidity := 150+s.rng.IntN(150), 40+s.rng.IntN(35)
	if s.chance(40) {
		humidity = 82 + s.rng.IntN(10)
	}
	_, err := s.do(ctx, st.one("storekeeper"), "/v1/climate", object{
		"site": st.Code, "store": st.Stores[0], "tenths_c": temperature, "humidity_percent": humidity, "sensor": "T1",
	}, free)
	return err
}

// issue offers a tool (TOL-04, TOL-15 to 17), with the approval that approver gives.
func (s *Simulator) issue(ctx context.Context, st *Site, t *toolRow, to holder, approver *Person) (bool, error) {
	body, err := s.issueBody(ctx, st, object{"tools": []string{t.ID}}, to, approver)
	if err != nil {
		return false, err
	}
	return s.act(ctx, st.one("storekeeper"), t, "issue", body)
}

// issueBody asks for an approval of what covers says and has it given, if there is an approver.
func (s *Simulator) issueBody(ctx context.Context, st *Site, covers object, to holder, approver *Person) (object, error) {
	body := plainIssue(st, to)
	if approver == nil {
		return body, nil
	}
	covers["act"], covers["to"] = "issue", to
	if scope, ok := body["scope"]; ok {
		covers["scope"] = scope
	}
	id, err := s.approved(ctx, st, st.one("storekeeper"), approver, covers)
	if id != "" {
		body["approval"] = id
	}
	return body, err
}

// plainIssue is the body of an issue without an approval.
func plainIssue(st *Site, to holder) object {
	body := object{"to": to}
	if st.Set == "workshop" {
		body["scope"] = []holder{to} // TOL-17: a first issue states who may hold it
	}
	return body
}

// approved asks for an approval and has it given, unless gives is nil (TOL-16, ADR 0027).
func (s *Simulator) approved(ctx context.Context, st *Site, asks, gives *Person, covers object) (string, error) {
	covers["site"], covers["reason"] = st.Code, "工作需要"
	a, err := s.do(ctx, asks, "/v1/approvals", covers, free)
	if err != nil || !a.ok() || gives == nil {
		return a.id(), err
	}
	_, err = s.do(ctx, gives, "/v1/approvals/"+a.id()+"/give", object{}, a.revision)
	return a.id(), err
}

// inVain asks for an approval that is refused, or given and not needed any more (TOL-16).
func (s *Simulator) inVain(ctx context.Context, st *Site, gives *Person, covers object) error {
	keeper := st.one("storekeeper")
	covers["site"], covers["reason"] = st.Code, "备用"
	a, err := s.do(ctx, keeper, "/v1/approvals", covers, free)
	if err != nil || !a.ok() {
		return err
	}
	path := "/v1/approvals/" + a.id()
	if s.chance(500) {
		_, err := s.do(ctx, gives, path+"/refuse", object{"reason": "已有两把"}, a.revision)
		return err
	}
	b, err := s.do(ctx, gives, path+"/give", object{}, a.revision)
	if err != nil || !b.ok() {
		return err
	}
	_, err = s.do(ctx, keeper, path+"/withdraw", object{"reason": "不需要了"}, b.revision)
	return err
}

func personal(p *Person) holder { return holder{Kind: "person", Who: p.ID} }

// held is how many tools of a kind a person has or is offered.
func (st *Site) held(p *Person, kind string) int {
	n := 0
	for _, t := range st.tools {
		if t.Kind == kind && (t.Holder == personal(p) || t.OfferedTo != nil && *t.OfferedTo == personal(p)) {
			n++
		}
	}
	return n
}

// issues gives out what people are entitled to, and some beyond it; some tries are refused.
func (s *Simulator) issues(ctx context.Context, st *Site) error {
	manager, keeper := st.one("manager"), st.one("storekeeper")
	for range 3 {
		t := s.tool(st, func(t *toolRow) bool {
			return s.sound(st)(t) && (t.Use == "personal" || t.Use == "special" || t.Use == "shared")
		})
		if t == nil {
			break
		}
		p := pick(s, st.staff("technician"))
		if p.Leaves {
			continue
		}
		to, approver := personal(p), (*Person)(nil)
		switch t.Use {
		case "special":
			leader := pick(s, st.staff("shift_leader"))
			p, to = leader, personal(leader)
		case "shared":
			to = holder{Kind: "team", Who: pick(s, st.Teams)}
		}
		if st.Set != "mine" || to.Kind == "team" || st.held(p, t.Kind) >= st.Entitled[p.Post+"/"+t.Kind] {
			approver = manager
		}
		if approver != nil && s.chance(60) {
			if err := s.forbidden(ctx, s.without(st), keeper, t.path()+"/issue", plainIssue(st, to), t.Revision); err != nil {
				return err
			}
		}
		if to.Kind == "person" && approver != nil && s.chance(60) {
			body := plainIssue(st, to)
			id, err := s.approved(ctx, st, keeper, nil, object{"act": "issue", "tools": []string{t.ID}, "to": to})
			if err != nil {
				return err
			}
			body["approval"] = id // that nobody has given
			if err := s.forbidden(ctx, "TOL-16", keeper, t.path()+"/issue", body, t.Revision); err != nil {
				return err
			}
		}
		if approver != nil && s.chance(80) {
			if err := s.inVain(ctx, st, approver, object{"act": "issue", "tools": []string{t.ID}, "to": to}); err != nil {
				return err
			}
			continue
		}
		if _, err := s.issue(ctx, st, t, to, approver); err != nil {
			return err
		}
	}
	return s.wrongIssues(ctx, st)
}

// without is the rule that refuses an issue without the approval that it needs.
func (s *Simulator) without(st *Site) string {
	switch st.Set {
	case "appliance-service":
		return "TOL-16"
	case "workshop":
		return "TOL-17"
	}
	return "TOL-15"
}

// wrongIssues tries to give out what may not be given out.
func (s *Simulator) wrongIssues(ctx context.Context, st *Site) error {
	keeper, manager := st.one("storekeeper"), st.one("manager")
	for _, wrong := range []struct {
		rule string
		fits func(*toolRow) bool
	}{
		{"INS-02", func(t *toolRow) bool {
			return t.Standing == "in_store" && t.OfferedTo == nil && t.Blocked == "" && t.KeptBy == nil && !t.Surrendered && st.lapsed(t, s.today()) && !st.kind(t.Kind).StoreKept
		}},
		{"TOL-18", func(t *toolRow) bool {
			return t.Standing == "in_store" && (t.Blocked == "fault" || t.Blocked == "quality") && t.KeptBy == nil && !t.Surrendered && !st.lapsed(t, s.today())
		}},
		{"TOL-10", func(t *toolRow) bool { return s.sound(st)(t) && st.kind(t.Kind).StoreKept }},
		{"TOL-14", func(t *toolRow) bool {
			return t.Standing == "issued" && t.Blocked == "" && t.KeptBy == nil && !st.lapsed(t, s.today())
		}},
	} {
		if !s.chance(60) {
			continue
		}
		if t := s.tool(st, wrong.fits); t != nil {
			p := pick(s, st.staff("technician"))
			if t.Holder == personal(p) {
				continue
			}
			body, err := s.issueBody(ctx, st, object{"tools": []string{t.ID}}, personal(p), manager)
			if err != nil {
				return err
			}
			if err := s.forbidden(ctx, wrong.rule, keeper, t.path()+"/issue", body, t.Revision); err != nil {
				return err
			}
		}
	}
	return nil
}

// loans lends pool tools, takes them back in time or late, extends some, and books some (TOL-09).
func (s *Simulator) loans(ctx context.Context, st *Site) error {
	keeper, now := st.one("storekeeper"), s.in.Now()
	back := func(t *toolRow) bool {
		if t.Standing != "lent" || t.Until == nil {
			return false
		}
		if now.After(*t.Until) {
			return s.chance(250) // some are asked for more than once
		}
		return t.Until.Sub(now) < 24*time.Hour && s.chance(600)
	}
	if err := s.each(st, back, func(t *toolRow) error {
		if now.Before(*t.Until) && s.chance(200) {
			_, err := s.act(ctx, keeper, t, "extend", object{"until": instant(t.Until.AddDate(0, 0, 2)), "reason": "工作未完"})
			return err
		}
		return s.bring(ctx, st, t, s.condition())
	}); err != nil {
		return err
	}
	for range 2 {
		if err := s.lend(ctx, st); err != nil {
			return err
		}
	}
	if s.chance(150) {
		if err := s.lendMany(ctx, st); err != nil {
			return err
		}
	}
	if s.chance(80) {
		return s.book(ctx, st)
	}
	return nil
}

func (s *Simulator) condition() string {
	switch n := s.rng.IntN(100); {
	case n < 6:
		return "damaged"
	case n < 25:
		return "worn"
	}
	return "good"
}

// bring takes a tool back from its custodian (TOL-21).
func (s *Simulator) bring(ctx context.Context, st *Site, t *toolRow, condition string) error {
	by := t.Holder.Who
	if t.Holder.Kind != "person" {
		by = pick(s, st.staff("technician")).ID
	}
	body := object{"store": t.Home, "by": by, "condition": condition}
	if last := s.today().Add(-7 * time.Hour); t.Standing == "lent" && t.Since.Before(last) && s.chance(150) {
		body["at"], body["late_reason"] = instant(last), "昨晚送还, 今早补登" // it came in the evening, when nobody was there to enter it
	}
	_, err := s.act(ctx, st.one("storekeeper"), t, "return", body)
	return err
}

func (s *Simulator) lend(ctx context.Context, st *Site) error {
	t := s.tool(st, func(t *toolRow) bool { return s.sound(st)(t) && t.Use == "pool" })
	if t == nil {
		return nil
	}
	p := pick(s, st.staff("technician"))
	if p.Leaves {
		return nil
	}
	until := s.today().AddDate(0, 0, 1+s.rng.IntN(5)).Add(17 * time.Hour)
	_, err := s.act(ctx, st.one("storekeeper"), t, "lend", object{"to": personal(p), "until": instant(until), "purpose": "检修", "responsible": p.ID})
	return err
}

// lendMany lends several at once, and one that was lent comes back by list.
func (s *Simulator) lendMany(ctx context.Context, st *Site) error {
	p := pick(s, st.staff("technician"))
	var ids []string
	for range 3 {
		if t := s.tool(st, func(t *toolRow) bool { return s.sound(st)(t) && t.Use == "pool" }); t != nil {
			ids = append(ids, t.ID)
		}
	}
	if len(ids) > 0 && !p.Leaves {
		if _, err := s.do(ctx, st.one("storekeeper"), "/v1/tool-loans", object{
			"to": personal(p), "until": instant(s.today().AddDate(0, 0, 2).Add(17 * time.Hour)), "purpose": "大修", "responsible": p.ID, "tools": ids,
		}, free); err != nil {
			return err
		}
	}
	t := s.tool(st, func(t *toolRow) bool { return t.Standing == "lent" && t.Holder.Kind == "person" })
	if t == nil {
		return nil
	}
	_, err := s.do(ctx, st.one("storekeeper"), "/v1/tool-returns", object{
		"store": t.Home, "by": t.Holder.Who, "tools": []object{{"tool": t.ID, "condition": "good"}},
	}, free)
	return err
}

// book reserves a pool tool for next week; some bookings are cancelled, and a second one is refused.
func (s *Simulator) book(ctx context.Context, st *Site) error {
	t := s.tool(st, func(t *toolRow) bool { return s.sound(st)(t) && t.Use == "pool" })
	if t == nil {
		return nil
	}
	keeper, p := st.one("storekeeper"), pick(s, st.staff("technician"))
	body := object{
		"to": personal(p), "from": instant(s.today().AddDate(0, 0, 7).Add(8 * time.Hour)), "until": instant(s.today().AddDate(0, 0, 8)), "purpose": "年检", "responsible": p.ID,
	}
	a, err := s.do(ctx, keeper, t.path()+"/bookings", body, free)
	if err != nil || !a.ok() {
		return err
	}
	if s.chance(300) {
		if err := s.forbidden(ctx, "TOL-09", keeper, t.path()+"/bookings", body, free); err != nil {
			return err
		}
	}
	if id := a.id(); id != "" && s.chance(500) {
		_, err = s.do(ctx, keeper, t.path()+"/bookings/cancel", object{"booking": id, "reason": "计划取消"}, free)
	}
	return err
}

// inspections inspects what is due soon; some lapse, and a few fail (INS-01, INS-02).
func (s *Simulator) inspections(ctx context.Context, st *Site) error {
	keeper, soon := st.one("storekeeper"), day(s.today().AddDate(0, 0, 5))
	due := func(t *toolRow) bool {
		switch {
		case t.Standing == "missing" || t.Standing == "scrapped" || t.KeptBy != nil || t.Blocked != "" || t.OfferedTo != nil || t.Standing == "in_repair":
			return false
		case t.InspectionBy == nil:
			k := st.kind(t.Kind)
			return k != nil && k.InspectMonths > 0 && s.chance(100)
		}
		return *t.InspectionBy <= soon && s.chance(150)
	}
	if err := s.each(st, due, func(t *toolRow) error {
		ok, err := s.act(ctx, keeper, t, "inspections", object{"on": day(s.today()), "passed": !s.chance(40), "label": t.Number})
		if err == nil && ok && s.chance(30) {
			return s.strike(ctx, st, t)
		}
		return err
	}); err != nil {
		return err
	}
	switch s.workday() {
	case 3:
		return s.checks(ctx, st)
	case 4:
		return s.callBack(ctx, st)
	case 5:
		return s.plans(ctx, st)
	}
	return nil
}

// callBack calls in what is in use past its inspection, one kind a month (INS-02).
func (s *Simulator) callBack(ctx context.Context, st *Site) error {
	var late []*toolRow
	for _, t := range st.tools {
		if (t.Standing == "issued" || t.Standing == "lent") && st.lapsed(t, s.today()) {
			late = append(late, t)
		}
	}
	t := pick(s, late)
	if t == nil {
		return nil
	}
	_, err := s.do(ctx, st.one("storekeeper"), "/v1/inspection-plans/recalls", object{"site": st.Code, "kind": t.Kind}, free)
	return err
}

// checks is the monthly check of some tools by plan (INS-05, INS-08).
func (s *Simulator) checks(ctx context.Context, st *Site) error {
	kind := pick(s, st.Kinds).Code
	var rows []object
	for _, t := range st.tools {
		if t.Kind == kind && t.Standing == "in_store" && len(rows) < 10 {
			row := object{"tool": t.ID, "number": t.Number, "good": true}
			if s.chance(100) {
				row = object{"tool": t.ID, "number": t.Number, "good": false, "found": "松动", "settled": "已紧固"}
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.do(ctx, st.one("storekeeper"), "/v1/inspection-plans/checks", object{
		"site": st.Code, "kind": kind, "on": day(s.today()), "purpose": "maintenance", "by": pick(s, st.staff("technician")).ID, "tools": rows,
	}, free); err != nil {
		return err
	}
	_, err := s.do(ctx, st.one("storekeeper"), "/v1/inspection-plans/places", object{
		"site": st.Code, "kind": kind, "place": "A-1", "keeper": st.one("storekeeper").ID, "tools": []object{{"tool": rows[0]["tool"], "number": rows[0]["number"]}},
	}, free)
	return err
}

// plans sets a plan of checks of a kind, and ends it half a year later.
func (s *Simulator) plans(ctx context.Context, st *Site) error {
	k := st.Kinds[0].Code
	keeper := st.one("storekeeper")
	switch int(s.today().Month()) {
	case 2:
		_, err := s.do(ctx, keeper, "/v1/inspection-plans", object{"site": st.Code, "kind": k, "purpose": "maintenance", "months": 2, "reason": "按说明书"}, free)
		return err
	case 8:
		_, err := s.do(ctx, keeper, "/v1/inspection-plans/ended", object{"site": st.Code, "kind": k, "purpose": "maintenance", "reason": "改由班组自检"}, free)
		return err
	case 3: // quality is checked of tooling, which none of these sites has
		return s.forbidden(ctx, "INS-09", keeper, "/v1/inspection-plans", object{"site": st.Code, "kind": k, "purpose": "quality", "months": 2, "reason": "新批次"}, free)
	}
	return nil
}

// kits makes a tool box of each crew once, gives it out and takes it back (TOL-05).
func (s *Simulator) kits(ctx context.Context, st *Site) error {
	keeper := st.one("storekeeper")
	switch {
	case s.w.Day == 5:
		return s.makeKit(ctx, st)
	case len(st.Kits) == 0 || s.w.Day%20 != 6 && s.w.Day%20 != 15:
		return nil
	}
	kit := "/v1/tool-kits/" + st.Kits[0]
	p := pick(s, st.staff("shift_leader"))
	if s.w.Day%20 == 6 {
		var approver *Person
		if st.Set != "mine" {
			approver = st.one("manager")
		}
		body, err := s.issueBody(ctx, st, object{"kit": st.Kits[0]}, personal(p), approver)
		if err != nil {
			return err
		}
		_, err = s.do(ctx, keeper, kit+"/issue", body, free)
		return err
	}
	var rows []object
	by := ""
	for _, id := range st.kitTools() {
		for _, t := range st.tools {
			if t.ID == id && t.Standing == "issued" && t.KeptBy == nil && t.Holder.Kind == "person" && (by == "" || by == t.Holder.Who) {
				st.touched[id] = true
				by = t.Holder.Who
				rows = append(rows, object{"tool": id, "condition": "good"})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := s.do(ctx, keeper, kit+"/return", object{"store": st.Stores[0], "by": by, "tools": rows}, free)
	return err
}

func (st *Site) kitTools() []string { return st.Kits[1:] }

func (s *Simulator) makeKit(ctx context.Context, st *Site) error {
	var ids []string
	for range 4 {
		if t := s.tool(st, func(t *toolRow) bool { return s.sound(st)(t) && t.Use == "personal" && t.Home == st.Stores[0] }); t != nil {
			ids = append(ids, t.ID)
		}
	}
	if len(ids) < 3 {
		return nil
	}
	keeper := st.one("storekeeper")
	a, err := s.do(ctx, keeper, "/v1/tool-kits", object{"site": st.Code, "number": st.Code + "-K1", "name": "工具箱", "store": st.Stores[0], "tools": ids[:2]}, free)
	if err != nil || !a.ok() {
		return err
	}
	kit := a.id()
	st.Kits = append([]string{kit}, ids[:3]...)
	revise := func(path string, body object) error {
		if err := s.in.Settle(ctx); err != nil {
			return err
		}
		revision, err := s.tag(ctx, keeper, "/v1/tool-kits/"+kit)
		if err != nil {
			return err
		}
		_, err = s.do(ctx, keeper, "/v1/tool-kits/"+kit+path, body, revision)
		return err
	}
	return firstError(
		func() error { return revise("/tools", object{"tool": ids[2]}) },
		func() error {
			if len(ids) < 4 {
				return nil
			}
			return revise("/tools", object{"tool": ids[3]})
		},
		func() error {
			if len(ids) < 4 {
				return nil
			}
			return revise("/tools/remove", object{"tool": ids[3], "reason": "另用"})
		},
	)
}
