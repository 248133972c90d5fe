package simulate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// demandRow, purchaseRow, acceptanceRow and scrapRow are what the lists show.
type demandRow struct {
	ID       string   `json:"id"`
	Revision int64    `json:"revision"`
	At       string   `json:"at"`
	Unit     string   `json:"unit"`
	Standing string   `json:"standing"`
	Needs    []string `json:"needs"`
	Lines    []struct {
		Variant string `json:"variant"`
		Code    string `json:"code"`
		Name    string `json:"name"`
		Spec    string `json:"spec"`
		Left    int64  `json:"left"`
	} `json:"lines"`
}

type purchaseRow struct {
	ID          string `json:"id"`
	Revision    int64  `json:"revision"`
	At          string `json:"at"`
	Variant     string `json:"variant"`
	Code        string `json:"code"`
	Standing    string `json:"standing"`
	By          string `json:"by"`
	Outstanding int64  `json:"outstanding"`
	Signed      []any  `json:"signed"`
	Quote       *struct {
		Quote     int      `json:"quote"`
		AmountFen int64    `json:"amount_fen"`
		Needs     []string `json:"needs"`
	} `json:"quote"`
}

type acceptanceRow struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	At       string `json:"at"`
	Variant  string `json:"variant"`
	Code     string `json:"code"`
	Count    int64  `json:"count"`
	Standing string `json:"standing"`
	Checks   []any  `json:"checks"`
}

type scrapRow struct {
	ID       string   `json:"id"`
	Revision int64    `json:"revision"`
	At       string   `json:"at"`
	By       string   `json:"by"`
	Number   string   `json:"number"`
	Standing string   `json:"standing"`
	Needs    []string `json:"needs"`
}

// supply leads demand, purchase and acceptance a step on, each working day (STK-01 to STK-11).
func (s *Simulator) supply(ctx context.Context, st *Site) error {
	if s.workday() == 7 || s.workday() == 15 {
		if err := s.plan(ctx, st); err != nil {
			return err
		}
	}
	return firstError(
		func() error { return s.acceptances(ctx, st) },
		func() error { return s.purchases(ctx, st) },
		func() error { return s.demands(ctx, st) },
	)
}

// plan is a crew's demand of tools (STK-01).
func (s *Simulator) plan(ctx context.Context, st *Site) error {
	leader := pick(s, st.staff("shift_leader"))
	k := s.wanting(st)
	line := object{"variant": "tool", "code": k.Code, "name": k.Name, "spec": "标准", "count": 2 + s.rng.IntN(3), "reason": "补充"}
	a, err := s.do(ctx, leader, "/v1/demands", object{"site": st.Code, "unit": leader.Team, "for": s.today().Format("2006-01"), "lines": []object{line}}, free)
	if err != nil || !a.ok() || !s.chance(200) {
		return err
	}
	line["count"] = 5
	_, err = s.do(ctx, leader, "/v1/demands/"+a.id()+"/lines", object{"lines": []object{line}}, max(a.revision, 0))
	return err
}

// wanting is a kind of which no sound tool is in store, or else any.
func (s *Simulator) wanting(st *Site) Kind {
	var none []Kind
	for _, k := range st.Kinds {
		if !slices.ContainsFunc(st.tools, func(t *toolRow) bool { return t.Kind == k.Code && s.sound(st)(t) }) {
			none = append(none, k)
		}
	}
	if len(none) > 0 && s.chance(700) {
		return pick(s, none)
	}
	return pick(s, st.Kinds)
}

func (s *Simulator) demands(ctx context.Context, st *Site) error {
	rows, err := list[*demandRow](ctx, s, st.one("manager"), "/v1/demands?site="+st.Code)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b *demandRow) int { return cmp.Compare(a.At, b.At) })
	for _, d := range rows {
		path := "/v1/demands/" + d.ID
		switch {
		case d.Standing == "planned" && len(d.Needs) > 0:
			who := st.one(d.Needs[0])
			verb, body := "/approval", object{}
			if s.chance(60) {
				verb, body = "/rejection", object{"reason": "预算不足"}
			}
			if _, err := s.do(ctx, who, path+verb, body, d.Revision); err != nil {
				return err
			}
		case d.Standing == "approved":
			if err := s.requests(ctx, st, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// requests asks for what of a plan has not been asked for.
func (s *Simulator) requests(ctx context.Context, st *Site, d *demandRow) error {
	for i, l := range d.Lines {
		if l.Left <= 0 {
			continue
		}
		name := l.Name
		if name == "" {
			name = l.Code
		}
		body := object{
			"site": st.Code, "unit": d.Unit, "variant": l.Variant, "code": l.Code, "name": name, "spec": l.Spec, "count": l.Left, "document": "QS-1", "reason": "按计划", "demand": d.ID, "line": i,
		}
		if _, err := s.do(ctx, pick(s, st.staff("shift_leader")), "/v1/purchases", body, free); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) purchases(ctx context.Context, st *Site) error {
	rows, err := list[*purchaseRow](ctx, s, st.one("manager"), "/v1/purchases?site="+st.Code)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *purchaseRow) int { return cmp.Compare(a.At, b.At) })
	for _, p := range rows {
		if err := s.purchase(ctx, st, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) purchase(ctx context.Context, st *Site, p *purchaseRow) (err error) {
	path, buyer := "/v1/purchases/"+p.ID, st.one("purchasing")
	switch {
	case p.Standing == "requested" && p.Quote == nil:
		price := int64(500)
		if k := st.kind(p.Code); k != nil {
			price = s.priceOf(*k)
		}
		_, err = s.do(ctx, buyer, path+"/quote", object{"supplier": "东日", "unit_price_fen": price}, p.Revision)
	case p.Standing == "quoted" && len(p.Signed) < len(p.Quote.Needs):
		who := st.one(p.Quote.Needs[len(p.Signed)])
		body := object{"quote": p.Quote.Quote, "amount_fen": p.Quote.AmountFen}
		switch {
		case s.chance(40):
			_, err = s.do(ctx, who, path+"/rejection", object{"reason": "太贵"}, p.Revision)
		case s.chance(60):
			body["amount_fen"] = p.Quote.AmountFen + 100
			err = s.forbidden(ctx, "STK-02", who, path+"/approval", body, p.Revision)
		default:
			_, err = s.do(ctx, who, path+"/approval", body, p.Revision)
		}
	case p.Standing == "approved" && s.chance(60):
		_, err = s.do(ctx, st.person(p.By), path+"/withdrawal", object{"reason": "不再需要"}, p.Revision)
	case p.Standing == "approved":
		_, err = s.do(ctx, buyer, path+"/order", object{"reference": "PO"}, p.Revision)
	case p.Standing == "ordered" && p.Outstanding > 0 && s.chance(250):
		_, err = s.do(ctx, buyer, "/v1/acceptances", object{"site": st.Code, "purchase": p.ID, "count": p.Outstanding, "note": "DN"}, free)
	}
	return err
}

func (s *Simulator) acceptances(ctx context.Context, st *Site) error {
	rows, err := list[*acceptanceRow](ctx, s, st.one("equipment"), "/v1/acceptances?site="+st.Code)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *acceptanceRow) int { return cmp.Compare(a.At, b.At) })
	for _, a := range rows {
		if a.Standing != "open" {
			continue
		}
		if err := s.acceptance(ctx, st, a); err != nil {
			return err
		}
	}
	return nil
}

// acceptance is checked by those who did not buy it, then accepted or rejected (STK-04).
func (s *Simulator) acceptance(ctx context.Context, st *Site, a *acceptanceRow) error {
	who, path := st.one("equipment"), "/v1/acceptances/"+a.ID
	if len(a.Checks) == 0 {
		passed := !s.chance(80)
		_, err := s.do(ctx, who, path+"/checks", object{"passed": passed, "document": "R-1", "findings": []object{{"what": "外观", "ok": passed}}}, a.Revision)
		if err != nil || passed {
			return err
		}
		_, err = s.do(ctx, who, path+"/reject", object{"count": a.Count, "reason": "不合格"}, a.Revision+1)
		return err
	}
	body := object{"count": a.Count, "store": st.Stores[0]}
	if a.Variant == "tool" {
		var numbers []string
		for range a.Count {
			st.Numbers++
			numbers = append(numbers, fmt.Sprintf("%s-%05d", st.Code, st.Numbers))
		}
		body["numbers"], body["brand"], body["use"] = numbers, "东日", "personal"
		if k := st.kind(a.Code); k != nil {
			body["use"] = useOf(*k)
		}
	} else {
		body["lot"] = fmt.Sprintf("L%d", s.w.Day)
	}
	_, err := s.do(ctx, who, path+"/accept", body, a.Revision)
	return err
}

// stock gives out consumables, more than there is now and then (STK-05, STK-06).
func (s *Simulator) stock(ctx context.Context, st *Site) error {
	keeper := st.one("storekeeper")
	rows, err := list[struct {
		Store   string `json:"store"`
		Item    string `json:"item"`
		Balance int64  `json:"balance"`
		Lots    []struct {
			Lot       string `json:"lot"`
			Condition string `json:"condition"`
			Pieces    int64  `json:"pieces"`
		} `json:"lots"`
	}](ctx, s, keeper, "/v1/stock?site="+st.Code)
	if err != nil {
		return err
	}
	balance := map[string]int64{}
	for _, r := range rows {
		balance[r.Store+"/"+r.Item] = r.Balance
	}
	item := pick(s, stockItems)
	has := balance[st.Stores[0]+"/"+item]
	p := pick(s, st.staff("technician"))
	body := object{"site": st.Code, "store": st.Stores[0], "item": item, "pieces": has + 1, "to": personal(p), "purpose": "检修"}
	if s.chance(60) {
		if err := s.forbidden(ctx, "STK-05", keeper, "/v1/stock/issues", body, free); err != nil {
			return err
		}
	}
	if has > 4 && !p.Leaves {
		body["pieces"] = 1 + s.rng.IntN(4)
		if _, err := s.do(ctx, keeper, "/v1/stock/issues", body, free); err != nil {
			return err
		}
	}
	switch {
	case has > 20 && s.chance(40) && len(st.Stores) > 1:
		_, err = s.do(ctx, keeper, "/v1/stock/transfers", object{
			"site": st.Code, "store": st.Stores[0], "item": item, "pieces": 5, "to_store": st.Stores[1], "purpose": "调拨",
		}, free)
	case s.chance(40):
		_, err = s.do(ctx, keeper, "/v1/stock/receipts", object{
			"site": st.Code, "store": st.Stores[0], "item": item, "lot": "W1", "condition": "worn", "pieces": 1, "unit_price_fen": 0, "origin": "return",
		}, free)
	case s.chance(30) && has > 10:
		for _, r := range rows {
			if r.Store == st.Stores[0] && r.Item == item && len(r.Lots) > 0 && r.Lots[0].Pieces > 1 {
				return s.correctStock(ctx, st, object{
					"store": st.Stores[0], "item": item, "lot": r.Lots[0].Lot, "condition": r.Lots[0].Condition, "delta": -1,
				})
			}
		}
	}
	return err
}

// correctStock corrects a count of the stock with the manager's approval of just that (STK-05).
func (s *Simulator) correctStock(ctx context.Context, st *Site, of object) error {
	keeper := st.one("storekeeper")
	id, err := s.approved(ctx, st, keeper, st.one("manager"), object{"act": "adjust_stock", "stock": of})
	if err != nil {
		return err
	}
	body := object{"site": st.Code, "reason": "盘点差异", "approval": id}
	maps.Copy(body, of)
	_, err = s.do(ctx, keeper, "/v1/stock/adjustments", body, free)
	return err
}

// scraps asks to scrap what failed or is beyond repair, signs and disposes (STK-08, STK-12).
func (s *Simulator) scraps(ctx context.Context, st *Site) error {
	keeper := st.one("storekeeper")
	rows, err := list[*scrapRow](ctx, s, keeper, "/v1/scrap-requests?site="+st.Code)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *scrapRow) int { return cmp.Compare(a.At+a.Number, b.At+b.Number) })
	asked, inStore := map[string]bool{}, map[string]bool{}
	for _, t := range st.tools {
		inStore[t.Number] = t.Standing == "in_store"
	}
	for _, r := range rows {
		path := "/v1/scrap-requests/" + r.ID
		asked[r.Number] = asked[r.Number] || r.Standing != "rejected" && r.Standing != "failed"
		switch {
		case r.Standing == "requested" && len(r.Needs) > 0:
			verb, body := "/approval", object{}
			if s.chance(60) || !inStore[r.Number] { // who signs sees that it went to be repaired
				verb, body = "/rejection", object{"reason": "仍可修"}
			}
			_, err = s.do(ctx, st.one(r.Needs[0]), path+verb, body, r.Revision)
		case r.Standing == "carried_out":
			_, err = s.do(ctx, st.one("purchasing"), path+"/disposal", object{"how": "废铁出售", "proceeds_fen": 500}, r.Revision)
		}
		if err != nil {
			return err
		}
	}
	if !s.chance(300) {
		return nil
	}
	t := s.tool(st, func(t *toolRow) bool {
		return t.Standing == "in_store" && t.OfferedTo == nil && t.KeptBy == nil && !asked[t.Number] && (t.Blocked == "failed" || t.Blocked == "fault" || t.Surrendered)
	})
	if t == nil {
		return nil
	}
	if s.chance(150) {
		if err := s.forbidden(ctx, "STK-08", keeper, t.path()+"/scrap", object{"reason": "坏"}, t.Revision); err != nil {
			return err
		}
	}
	_, err = s.do(ctx, keeper, "/v1/scrap-requests", object{"site": st.Code, "tool": t.ID, "cause": "worn_out", "reason": "无修理价值"}, free)
	return err
}
