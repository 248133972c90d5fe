package simulate

import (
	"context"
	"fmt"
	"time"
)

// lossRow is a loss as the list shows it.
type lossRow struct {
	ID        string `json:"id"`
	Revision  int64  `json:"revision"`
	Status    string `json:"status"`
	Cause     string `json:"cause"`
	Settled   bool   `json:"settled"`
	Amount    *int64 `json:"amount_fen"`
	Holder    holder `json:"holder"`
	LostOn    string `json:"lost_on"`
	Responsib string `json:"responsible"`
	Tool      struct {
		ID     string `json:"id"`
		Number string `json:"number"`
		Use    string `json:"use"`
	} `json:"tool"`
	Finding *struct {
		OnDuty    bool    `json:"on_duty"`
		GoodCause bool    `json:"good_cause"`
		ReplaceBy *string `json:"replace_by"`
	} `json:"finding"`
	Certificate *struct{} `json:"certificate"`
	Assessment  *struct {
		AmountFen int64 `json:"amount_fen"`
	} `json:"assessment"`
	Replacement *struct{} `json:"replacement"`
	Requisition *struct{} `json:"requisition"`
	Points      *struct{} `json:"points"`
	Proposal    *struct {
		By        string `json:"by"`
		AmountFen int64  `json:"amount_fen"`
		NeedsHR   bool   `json:"needs_hr"`
		Revision  int64  `json:"revision"`
		Shares    []struct {
			Person string `json:"person"`
		} `json:"shares"`
	} `json:"proposal"`
}

func (l *lossRow) path() string { return "/v1/losses/" + l.ID }

// losses leads each open loss one step on (LOS-01 to LOS-11).
func (s *Simulator) losses(ctx context.Context, st *Site) error {
	for _, status := range []string{"open", "proposed"} {
		rows, err := list[*lossRow](ctx, s, st.one("manager"), "/v1/losses?site="+st.Code+"&status="+status)
		if err != nil {
			return err
		}
		sortLosses(rows)
		for _, l := range rows {
			if !s.chance(700) {
				continue
			}
			if err := s.loss(ctx, st, l); err != nil {
				return err
			}
		}
	}
	return firstError(func() error { return s.damage(ctx, st) }, func() error { return s.correct(ctx, st) })
}

func sortLosses(rows []*lossRow) {
	for i := range rows {
		for j := i; j > 0 && (rows[j].LostOn+rows[j].Tool.Number) < (rows[j-1].LostOn+rows[j-1].Tool.Number); j-- {
			rows[j], rows[j-1] = rows[j-1], rows[j]
		}
	}
}

func (s *Simulator) loss(ctx context.Context, st *Site, l *lossRow) error {
	manager, keeper := st.one("manager"), st.one("storekeeper")
	say := func(who *Person, verb string, body object) error {
		a, err := s.do(ctx, who, l.path()+"/"+verb, body, l.Revision)
		if err == nil && a.ok() && a.revision >= 0 {
			l.Revision = a.revision
		}
		return err
	}
	switch {
	case l.Status == "proposed":
		return s.approve(ctx, st, l)
	case l.Finding == nil:
		return s.finding(ctx, st, l)
	case l.Finding.OnDuty && st.Set == "mine":
		if l.Certificate != nil {
			return nil
		}
		return say(st.one("crew_head"), "certificate", object{"certificate": "C-" + l.Tool.Number})
	case l.Assessment == nil:
		return say(keeper, "assessment", object{})
	case l.Finding.ReplaceBy != nil && l.Replacement == nil && l.Requisition == nil:
		if s.chance(500) && day(s.in.Now()) <= *l.Finding.ReplaceBy {
			return say(keeper, "replacement", object{"number": "R-" + l.Tool.Number, "same": true})
		}
		return say(keeper, "requisition", object{"cost_fen": 12_300})
	case l.Tool.Use == "special" && st.Set == "mine" && l.Points == nil && s.chance(500):
		if p := st.person(l.Holder.Who); p != nil {
			return say(manager, "points", object{"person": p.ID, "circumstances": "影响生产"})
		}
		return nil
	case s.chance(60):
		return say(manager, "waiver", object{"second_person": st.one("gm").ID, "reason": "家庭困难"})
	}
	return say(manager, "proposal", object{})
}

// finding is the manager's: by whom it was lost, and how.
func (s *Simulator) finding(ctx context.Context, st *Site, l *lossRow) error {
	body := object{"reason": "经查", "on_duty": st.Set == "mine" && l.Cause == "missing" && s.chance(300), "good_cause": s.chance(300)}
	byPost := st.Set == "mine" && (l.Tool.Use == "shared" || l.Tool.Use == "special") // LOS-05: who was on duty, or leads the shift
	if l.Holder.Kind != "person" || byPost {
		var payers []object
		shift := st.staff("technician")
		want := 2
		if l.Tool.Use == "special" {
			shift, want = st.staff("shift_leader"), 1
		}
		for _, p := range shift {
			if len(payers) < want && (l.Holder.Kind != "team" || p.Team == l.Holder.Who) {
				payers = append(payers, object{"person": p.ID, "weight": 1})
			}
		}
		body["payers"] = payers
		if !byPost {
			body["otherwise"] = true
		}
	}
	_, err := s.do(ctx, st.one("manager"), l.path()+"/finding", body, l.Revision)
	return err
}

// approve is another person's approval of exactly what was proposed; what is not it is refused (LOS-07).
func (s *Simulator) approve(ctx context.Context, st *Site, l *lossRow) error {
	p := l.Proposal
	path, body := l.path()+"/approval", object{"amount_fen": p.AmountFen, "proposal": p.Revision}
	if s.chance(250) {
		if err := s.forbidden(ctx, "LOS-07", st.one("manager"), path, body, l.Revision); err != nil {
			return err
		}
	}
	if s.chance(150) {
		if err := s.forbidden(ctx, "LOS-07", st.one("hr"), path, object{"amount_fen": p.AmountFen + 1, "proposal": p.Revision}, l.Revision); err != nil {
			return err
		}
	}
	if s.chance(50) {
		_, err := s.do(ctx, st.one("manager"), l.path()+"/proposal-withdrawal", object{}, l.Revision)
		return err
	}
	_, err := s.do(ctx, st.one("hr"), path, body, l.Revision)
	return err
}

// damage reports a damage now and then (LOS-12).
func (s *Simulator) damage(ctx context.Context, st *Site) error {
	if !s.chance(25) {
		return nil
	}
	t := s.tool(st, func(t *toolRow) bool { return t.Standing == "lent" && t.Holder.Kind == "person" && t.KeptBy == nil })
	if t == nil {
		return nil
	}
	_, err := s.do(ctx, st.person(t.Holder.Who), "/v1/losses", object{
		"tool": t.ID, "damaged_at": instant(s.in.Now().Add(-2 * time.Hour)), "place": "现场", "circumstances": "跌落",
	}, free)
	return err
}

// months does what a month asks for: wages, stocktake, statistics, comparisons, demand.
func (s *Simulator) months(ctx context.Context, st *Site) error {
	switch s.workday() {
	case 5:
		return s.wages(ctx, st)
	case 8:
		return s.again(ctx, st)
	case 12:
		return s.compare(ctx, st)
	case 14:
		return s.supervise(ctx, st)
	case 18:
		return s.count(ctx, st)
	}
	return nil
}

// wages posts what everybody earned last month (LOS-08).
func (s *Simulator) wages(ctx context.Context, st *Site) error {
	month := s.today().AddDate(0, 0, -s.today().Day()).Format("2006-01")
	if s.today().Month() == time.January && s.today().Year() == First().Year() {
		return nil // nobody was there before
	}
	var (
		rows   []object
		posted []*Person
	)
	for _, p := range st.People {
		if p.Since.In(Zone()).Format("2006-01") > month || p.Left {
			continue
		}
		wage := 190_000 + int64(s.rng.IntN(400_000))
		posted = append(posted, p)
		rows = append(rows, object{"person_key": p.Key, "month": month, "wage_fen": wage})
	}
	a, err := s.do(ctx, st.one("hr"), "/v1/payroll/wages", object{"site": st.Code, "system": "hr", "wages": rows}, free)
	if err != nil || !a.ok() {
		return err
	}
	for i, p := range posted {
		p.Wages[month] = append(p.Wages[month], Wage{s.in.Now(), rows[i]["wage_fen"].(int64)})
	}
	return nil
}

// again corrects the wage of one person.
func (s *Simulator) again(ctx context.Context, st *Site) error {
	month := s.today().AddDate(0, 0, -s.today().Day()).Format("2006-01")
	p := pick(s, st.staff("technician"))
	had := len(p.Wages[month])
	if had == 0 {
		return nil
	}
	wage := p.Wages[month][had-1].Fen + 10_000
	a, err := s.do(ctx, st.one("hr"), "/v1/payroll/wages", object{
		"site": st.Code, "system": "hr", "wages": []object{{"person_key": p.Key, "month": month, "wage_fen": wage}},
	}, free)
	if err == nil && a.ok() {
		p.Wages[month] = append(p.Wages[month], Wage{s.in.Now(), wage})
	}
	return err
}

// staff is people who come and leave: nobody leaves with open custody (TOL-07).
func (s *Simulator) staff(ctx context.Context, st *Site) error {
	for _, p := range st.staff("technician") {
		if !p.Leaves {
			continue
		}
		if err := s.leave(ctx, st, p); err != nil {
			return err
		}
	}
	if s.workday() != 10 {
		return nil
	}
	switch int(s.today().Month()) % 3 {
	case 0:
		p := pick(s, st.staff("technician"))
		if p.Post != "shift_leader" && len(st.staff("technician")) > 4 {
			p.Leaves = true
		}
	case 1:
		_, err := s.hire(ctx, st, fmt.Sprintf("新人%d", st.Keys), []string{"technician"}, post(st, st.Keys), pick(s, st.Teams))
		return err
	case 2:
		p := pick(s, st.staff("technician"))
		if p.Post == "shift_leader" {
			return nil
		}
		p.Team = pick(s, st.Teams)
		_, err := s.do(ctx, st.one("hr"), "/v1/persons/"+p.ID+"/team", object{"team": p.Team, "since": instant(s.in.Now())}, free)
		return err
	}
	return nil
}

func (s *Simulator) leave(ctx context.Context, st *Site, p *Person) error {
	hr, path := st.one("hr"), "/v1/persons/"+p.ID+"/leave"
	has := func(t *toolRow) bool {
		return t.Holder == personal(p) && (t.Standing == "issued" || t.Standing == "lent") && t.KeptBy == nil
	}
	open := 0
	for _, t := range st.tools {
		if t.Holder == personal(p) || t.OfferedTo != nil && *t.OfferedTo == personal(p) {
			open++
		}
	}
	if open == 0 {
		a, err := s.do(ctx, hr, path, object{}, free)
		p.Left = err == nil && a.ok()
		return err
	}
	if err := s.forbidden(ctx, "TOL-07", hr, path, object{}, free); err != nil {
		return err
	}
	return s.each(st, has, func(t *toolRow) error { return s.bring(ctx, st, t, s.condition()) })
}
