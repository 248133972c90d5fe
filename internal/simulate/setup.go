package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// setUp registers the sites with policies, people and the tools that they have.
func (s *Simulator) setUp(ctx context.Context) error {
	s.to(0, 1)
	if err := s.in.Settle(ctx); err != nil { // process managers act on what comes after this
		return err
	}
	for _, set := range s.w.Sets {
		st := &Site{Set: set, Code: set, Entitled: map[string]int{}, Minimum: 200_000}
		if set == "appliance-service" {
			st.Code = "service"
		}
		s.w.Sites = append(s.w.Sites, st)
		if err := s.setUpSite(ctx, st); err != nil {
			return fmt.Errorf("set up %s: %w", st.Code, err)
		}
	}
	return nil
}

// must gives a command that has to be accepted.
func (s *Simulator) must(ctx context.Context, who *Person, path string, body object) (answer, error) {
	s.pass(ctx)
	a, err := s.request(ctx, who, http.MethodPost, path, body, free)
	if err == nil && !a.ok() {
		err = fmt.Errorf("%s by %s: status %d: %s", path, who.Name, a.status, a.body)
	}
	return a, err
}

func (s *Simulator) setUpSite(ctx context.Context, st *Site) error {
	a, err := s.must(ctx, s.admin, "/v1/sites", object{"code": st.Code, "name": st.Code, "zone": "Asia/Shanghai"})
	if err != nil {
		return err
	}
	st.ID = a.id()
	for n := range s.w.Stores {
		st.Stores = append(st.Stores, fmt.Sprintf("store%d", n+1))
	}
	if _, err := s.must(ctx, s.admin, "/v1/sites/"+st.ID+"/policy-set", object{"set": st.Set, "effective_from": instant(First()), "reason": "simulation"}); err != nil {
		return err
	}
	return firstError(
		func() error { return s.teams(ctx, st) },
		func() error { return s.people(ctx, st) },
		func() error { return s.policies(ctx, st) },
		func() error { return s.opening(ctx, st) },
	)
}

// firstError does one after the other until one fails.
func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) teams(ctx context.Context, st *Site) error {
	hr := &Person{Key: "hr-" + st.Code, Name: "hr", Site: st.Code, Roles: []string{"hr"}}
	for _, name := range []string{"A", "B"} {
		a, err := s.must(ctx, hr, "/v1/teams", object{"site": st.Code, "external": object{"system": "hr", "key": "T-" + name}, "name": "班组 " + name})
		if err != nil {
			return err
		}
		st.Teams = append(st.Teams, a.id())
	}
	return nil
}

// offices are the people that every site has beside its crews.
var offices = []struct {
	name  string
	roles []string
}{
	{"钱仓管", []string{"storekeeper"}},
	{"王经理", []string{"manager"}},
	{"赵总", []string{"gm"}},
	{"郑人事", []string{"hr"}},
	{"李主管", []string{"director"}},
	{"孙科长", []string{"department_head", "workshop_head"}},
	{"周采购", []string{"purchasing"}},
	{"吴工", []string{"equipment"}},
	{"冯队长", []string{"crew_head"}},
	{"陈矿长", []string{"deputy_mine_director"}},
	{"褚审计", []string{"auditor"}},
	{"卫会计", []string{"accountant"}},
	{"蒋客服", []string{"clerk"}},
}

func (s *Simulator) people(ctx context.Context, st *Site) error {
	for _, o := range offices {
		post := ""
		if slices.Contains(o.roles, "equipment") {
			post = officer
		}
		if _, err := s.hire(ctx, st, o.name, o.roles, post, ""); err != nil {
			return err
		}
	}
	for i, team := range st.Teams {
		if _, err := s.hire(ctx, st, fmt.Sprintf("班长%d", i+1), []string{"shift_leader", "technician"}, "shift_leader", team); err != nil {
			return err
		}
	}
	for n := range s.w.People {
		if _, err := s.hire(ctx, st, fmt.Sprintf("师傅%d", n+1), []string{"technician"}, post(st, n), st.Teams[n%len(st.Teams)]); err != nil {
			return err
		}
	}
	return nil
}

// officer is the post that supervises the ledgers (CHK-05).
const officer = "equipment_officer"

func post(st *Site, n int) string {
	switch {
	case st.Set == "appliance-service":
		return "technician"
	case st.Set == "mine" && n%3 == 2:
		return "electrician"
	}
	return "fitter"
}

// hire registers a person; the first of personnel registers itself.
func (s *Simulator) hire(ctx context.Context, st *Site, name string, roles []string, post, team string) (*Person, error) {
	hr := st.one("hr")
	if hr == nil {
		hr = &Person{Key: "hr-" + st.Code, Name: "hr", Site: st.Code, Roles: []string{"hr"}}
	}
	st.Keys++
	p := &Person{Key: fmt.Sprintf("%s-%04d", st.Code, st.Keys), Name: name, Site: st.Code, Roles: roles, Post: post, Team: team, Since: s.in.Now(), Wages: map[string][]Wage{}}
	body := object{"site": st.Code, "external": object{"system": "hr", "key": p.Key}, "name": name, "roles": roles}
	if team != "" {
		body["team"] = team
	}
	a, err := s.must(ctx, hr, "/v1/persons", body)
	if err != nil {
		return nil, err
	}
	p.ID = a.id()
	st.People = append(st.People, p)
	if post == "" {
		return p, nil
	}
	_, err = s.must(ctx, hr, "/v1/persons/"+p.ID+"/posts", object{"posts": []string{post}, "since": instant(s.in.Now())})
	return p, err
}

// stockItems are the consumables of every site.
var stockItems = []string{"glove", "tape", "bulb"}

// policies records the site's own policies: those of its set, with its stores,
// its minimum wage and what it keeps in stock, which no set can know (POL-08).
func (s *Simulator) policies(ctx context.Context, st *Site) error {
	for _, kind := range []string{"tools", "keeping", "purchasing", "compensation", "sla", "calendar", "authority"} {
		raw, err := s.policy(st.Set, kind)
		if err != nil {
			return err
		}
		if raw == nil {
			continue // the set has none of this kind
		}
		content := object{}
		if err := json.Unmarshal(raw, &content); err != nil {
			return fmt.Errorf("read policy %s: %w", kind, err)
		}
		if err := s.own(st, kind, content); err != nil {
			return err
		}
		a, err := s.must(ctx, s.admin, "/v1/policies", object{
			"site": st.Code, "kind": kind, "effective_from": instant(First()), "reason": "simulation of " + st.Set, "content": content,
		})
		if err != nil {
			return err
		}
		// What is a draft needs a second person (POL-05); what is none is refused, and in force already.
		if _, err := s.request(ctx, st.one("gm"), http.MethodPost, "/v1/policies/"+a.id()+"/approval", object{"version": 1}, free); err != nil {
			return err
		}
	}
	return nil
}

// own fits the content of a set's policy to the site.
func (s *Simulator) own(st *Site, kind string, content object) error {
	switch kind {
	case "tools":
		var stores []object
		for _, code := range st.Stores {
			stores = append(stores, object{"code": code, "name": code})
		}
		content["stores"] = stores
		var read struct {
			Kinds        []Kind `json:"kinds"`
			Entitlements []struct {
				Post, Kind string
				Count      int
			} `json:"entitlements"`
		}
		text, err := json.Marshal(content)
		if err != nil {
			return fmt.Errorf("write policy: %w", err)
		}
		if err := json.Unmarshal(text, &read); err != nil {
			return fmt.Errorf("read policy: %w", err)
		}
		kinds, _ := content["kinds"].([]any)
		for i := range read.Kinds {
			if read.Kinds[i].LifeMonths == 0 { // the site's own to say (LOS-04)
				read.Kinds[i].LifeMonths = 48
				kinds[i].(map[string]any)["life_months"] = 48 //nolint:forcetypeassert // it was read as one
			}
		}
		st.Kinds = read.Kinds
		for _, e := range read.Entitlements {
			st.Entitled[e.Post+"/"+e.Kind] = e.Count
		}
	case "purchasing":
		var items, minimums []object
		for _, code := range stockItems {
			items = append(items, object{"code": code, "name": code})
			minimums = append(minimums, object{"store": st.Stores[0], "item": code, "pieces": 10, "order": 40, "unit": st.Teams[0]})
		}
		content["items"], content["minimums"] = items, minimums
	case "keeping":
		var kinds []string
		for _, k := range st.Kinds {
			kinds = append(kinds, k.Code)
		}
		content["places"] = []object{{"code": "A-1", "store": st.Stores[0], "kinds": kinds, "conditions": "dry", "conditions_zh": "干燥", "keeper_needed": true, "rack": false}}
	case "compensation":
		content["minimum_wage_fen"] = st.Minimum
	}
	return nil
}

// priceOf is what a kind costs, in fen; life is set where the site knows it.
func (s *Simulator) priceOf(k Kind) int64 {
	base := map[string]int64{"hand": 8_000, "power": 60_000, "measuring": 90_000, "lifting": 150_000, "safety": 20_000, "special": 120_000}[k.Category]
	return max(5_000, base) + int64(s.rng.IntN(50))*100
}

// useOf is how a kind is kept.
func useOf(k Kind) string {
	switch {
	case k.Category == "special":
		return "special"
	case k.StoreKept || k.Category == "lifting" || k.Category == "pneumatic":
		return "pool"
	case k.Category == "power":
		return "shared"
	}
	return "personal"
}

// register enters a tool that the site has.
func (s *Simulator) register(ctx context.Context, st *Site, k Kind, bought time.Time) error {
	st.Numbers++
	body := object{
		"site": st.Code, "number": fmt.Sprintf("%s-%05d", st.Code, st.Numbers), "kind": k.Code, "name": k.Name, "spec": "标准", "brand": "东日",
		"price_fen": s.priceOf(k), "purchased_on": day(bought), "use": useOf(k), "store": pick(s, st.Stores),
	}
	if s.chance(300) {
		body["batch"] = "B-2025"
	}
	_, err := s.must(ctx, st.one("storekeeper"), "/v1/tools", body)
	return err
}

// opening registers what the site has when the simulation begins, inspects it and opens the stock.
func (s *Simulator) opening(ctx context.Context, st *Site) error {
	for n := range s.w.Tools {
		k := st.Kinds[n%len(st.Kinds)]
		if err := s.register(ctx, st, k, s.today().AddDate(0, -1-s.rng.IntN(24), -s.rng.IntN(28))); err != nil {
			return err
		}
	}
	keeper := st.one("storekeeper")
	for _, item := range stockItems {
		if _, err := s.must(ctx, keeper, "/v1/stock/receipts", object{
			"site": st.Code, "store": st.Stores[0], "item": item, "lot": "L0", "condition": "new", "pieces": 60, "unit_price_fen": 500, "origin": "opening",
		}); err != nil {
			return err
		}
	}
	if err := s.look(ctx, st); err != nil {
		return err
	}
	return s.each(st, func(t *toolRow) bool { k := st.kind(t.Kind); return k != nil && k.InspectMonths > 0 && s.chance(900) },
		func(t *toolRow) error {
			_, err := s.act(ctx, keeper, t, "inspections", object{"on": day(s.today()), "passed": true, "label": t.Number})
			return err
		})
}

// Calendar is the working time of a site whose set has none: it is the site's own to say.
func Calendar() json.RawMessage {
	return json.RawMessage(`{"zone":"Asia/Shanghai","week":{"mon":[["08:00","18:00"]],"tue":[["08:00","18:00"]],"wed":[["08:00","18:00"]],` +
		`"thu":[["08:00","18:00"]],"fri":[["08:00","18:00"]],"sat":[["08:00","18:00"]],"sun":[["09:00","17:00"]]},"days":{}}`)
}
