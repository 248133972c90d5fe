package simulate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

type stocktake struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	Phase    string `json:"phase"`
	Result   *struct {
		Digest string `json:"digest"`
	} `json:"result"`
}

// count is the monthly stocktake of a store, by two who scan and two who sign (CHK-01).
func (s *Simulator) count(ctx context.Context, st *Site) error {
	keeper, manager := st.one("storekeeper"), st.one("manager")
	store := st.Stores[int(s.today().Month())%len(st.Stores)]
	a, err := s.do(ctx, keeper, "/v1/stocktakes", object{"site": st.Code, "scope": holder{Kind: "store", Who: store}}, free)
	if err != nil || !a.ok() {
		return err
	}
	id := a.id()
	path := "/v1/stocktakes/" + id
	var now stocktake
	read := func() error {
		if err := s.in.Settle(ctx); err != nil {
			return err
		}
		return s.get(ctx, keeper, path, &now)
	}
	if err := read(); err != nil {
		return err
	}
	if s.today().Month() == time.May {
		_, err := s.do(ctx, keeper, path+"/cancel", object{"reason": "停电"}, now.Revision)
		return err
	}
	var halves [2][]object
	for i, t := range st.tools {
		here := t.Holder == holder{Kind: "store", Who: store}
		if here && !s.chance(15) || !here && t.Standing == "issued" && s.chance(4) {
			condition := "sound"
			if s.chance(20) {
				condition = "damaged"
			}
			halves[i%2] = append(halves[i%2], object{"number": t.Number, "condition": condition, "place": "A"})
		}
	}
	for i, who := range []*Person{keeper, pick(s, st.staff("technician"))} {
		if len(halves[i]) > 0 {
			if _, err := s.do(ctx, who, path+"/scans", object{"scans": halves[i]}, free); err != nil {
				return err
			}
		}
	}
	if s.today().Month()%4 == 0 {
		if err := s.recount(ctx, st, path, read, &now); err != nil {
			return err
		}
	}
	for _, step := range []func() (answer, error){
		func() (answer, error) { return s.do(ctx, keeper, path+"/results", object{}, free) },
		func() (answer, error) {
			return s.do(ctx, keeper, path+"/signatures", object{"as": "storekeeper", "digest": now.Result.Digest}, now.Revision)
		},
		func() (answer, error) {
			return answer{}, s.forbidden(ctx, "CHK-01", keeper, path+"/signatures", object{"as": "manager", "digest": now.Result.Digest}, now.Revision)
		},
		func() (answer, error) {
			return s.do(ctx, manager, path+"/signatures", object{"as": "manager", "digest": now.Result.Digest}, now.Revision)
		},
	} {
		if _, err := step(); err != nil {
			return err
		}
		if err := read(); err != nil {
			return err
		}
		if now.Result == nil {
			return nil
		}
	}
	return nil
}

// recount counts some numbers a second time.
func (s *Simulator) recount(ctx context.Context, st *Site, path string, read func() error, now *stocktake) error {
	keeper := st.one("storekeeper")
	if _, err := s.do(ctx, keeper, path+"/results", object{}, free); err != nil {
		return err
	}
	if err := read(); err != nil {
		return err
	}
	var number string
	for _, t := range st.tools {
		if t.Standing == "in_store" {
			number = t.Number
		}
	}
	if _, err := s.do(ctx, keeper, path+"/recounts", object{"numbers": []string{number}, "reason": "复核"}, now.Revision); err != nil {
		return err
	}
	_, err := s.do(ctx, keeper, path+"/scans", object{"scans": []object{{"number": number, "condition": "sound", "place": "A"}}}, free)
	return err
}

// compare holds the ledger of finance against the store's, and settles an open item (CHK-04).
func (s *Simulator) compare(ctx context.Context, st *Site) error {
	if s.today().Month()%3 != 0 {
		return nil
	}
	accountant := st.one("accountant")
	var entries []object
	for _, t := range st.tools {
		if t.Standing != "scrapped" && len(entries) < 50 && !s.chance(20) {
			entries = append(entries, object{"number": t.Number, "price_fen": t.PriceFen})
		}
	}
	entries = append(entries, object{"number": "X-1", "price_fen": 100})
	a, err := s.do(ctx, accountant, "/v1/ledgers/comparisons", object{"site": st.Code, "with": "finance", "reference": s.today().Format("2006-01"), "entries": entries}, free)
	if err != nil || !a.ok() {
		return err
	}
	_, err = s.do(ctx, accountant, "/v1/ledgers/comparisons/"+a.id()+"/settlements", object{"number": "X-1", "how": "已更正"}, free)
	return err
}

// supervise is the look at a ledger of the set that asks for it: the duty is
// taken up in the first month, and what was found is settled (CHK-05).
func (s *Simulator) supervise(ctx context.Context, st *Site) error {
	if st.Set != "workshop" {
		return nil
	}
	if s.w.Day < 31 {
		if _, err := s.do(ctx, st.one("workshop_head"), "/v1/ledgers/duty", object{"site": st.Code, "reason": "按制度"}, free); err != nil {
			return err
		}
	}
	who, findings := st.one("equipment"), []string{}
	if s.chance(400) {
		findings = []string{"一件未登记"}
	}
	store := pick(s, st.Stores)
	a, err := s.do(ctx, who, "/v1/ledgers/supervisions", object{"site": st.Code, "ledger": holder{Kind: "store", Who: store}, "findings": findings}, free)
	if err != nil || !a.ok() || len(findings) == 0 {
		return err
	}
	_, err = s.do(ctx, st.one("storekeeper"), "/v1/ledgers/supervisions/"+a.id()+"/settlements", object{"finding": 0, "how": "已补登"}, free)
	return err
}

// recalls is quality trouble of a batch in March and September, closed a week later (TOL-12).
func (s *Simulator) recalls(ctx context.Context, st *Site) error {
	if st.Recall != "" && s.workday() == 16 {
		path := "/v1/recalls/" + st.Recall
		st.Recall = ""
		revision, err := s.tag(ctx, st.one("manager"), path)
		if err != nil {
			return err
		}
		if _, err := s.do(ctx, st.one("manager"), path+"/closure", object{"finding": "热处理不良, 已检"}, revision); err != nil {
			return err
		}
	}
	if m := s.today().Month(); s.workday() != 11 || m != time.January && m != time.September {
		return s.clear(ctx, st)
	}
	t := s.tool(st, func(t *toolRow) bool { return t.Batch != "" && t.Standing != "scrapped" })
	if t == nil {
		return nil
	}
	a, err := s.do(ctx, pick(s, st.staff("technician")), "/v1/recalls", object{"site": st.Code, "kind": t.Kind, "batch": t.Batch, "report": "断裂"}, free)
	if err == nil && a.ok() {
		st.Recall = a.id()
	}
	return err
}

// clear lets what was recalled back into use once it was checked (TOL-18).
func (s *Simulator) clear(ctx context.Context, st *Site) error {
	if st.Recall != "" {
		return nil
	}
	return s.each(st, func(t *toolRow) bool {
		return t.Blocked == "quality" && t.KeptBy == nil && t.OfferedTo == nil && !t.Surrendered && t.Standing != "missing" && t.Standing != "in_repair" && s.chance(300)
	}, func(t *toolRow) error {
		_, err := s.act(ctx, st.one("storekeeper"), t, "clear", object{"note": "复检合格"})
		return err
	})
}

// annual lists the annual issue after the Spring Festival and approves it a week later (TOL-13).
func (s *Simulator) annual(ctx context.Context, st *Site) error {
	path := fmt.Sprintf("/v1/annual-issues/%s/%d", st.Code, s.today().Year())
	if st.Set == "workshop" { // TOL-17: each first issue says who may hold it
		return nil
	}
	switch start := time.Date(s.today().Year(), time.February, 26, 0, 0, 0, 0, Zone()); day(s.today()) {
	case day(start):
		var rows []object
		people := st.staff("technician")
		slices.SortFunc(people, func(a, b *Person) int { return cmp.Compare(a.Key, b.Key) })
		for i, p := range people {
			if i < 3 {
				rows = append(rows, object{"to": personal(p), "kind": "hand_tools", "count": 1})
			}
		}
		_, err := s.do(ctx, st.one("storekeeper"), path, object{"list": "L-1", "rows": rows}, free)
		return err
	case day(start.AddDate(0, 0, 2)):
		revision, err := s.tag(ctx, st.one("manager"), path)
		if err != nil {
			return err
		}
		_, err = s.do(ctx, st.one("manager"), path+"/approval", object{"list": "L-1"}, revision)
		return err
	}
	return nil
}
