package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/auth"
)

// sign gives a command on what somebody has seen at a tag.
func (f *fixture) sign(by person, path, tag, body string) reply {
	header := map[string]string{"Idempotency-Key": uuid.NewString()}
	if tag != "" {
		header["If-Match"] = tag
	}
	return f.do(call{method: http.MethodPost, path: path, body: body, token: by.token, header: header})
}

// ask asks for an approval of a site's storekeeper and returns its path.
func (f *fixture) ask(by person, body string) string {
	f.t.Helper()
	r := f.sign(by, "/v1/approvals", "", `{"site":"hq","reason":"检修",`+body+`}`)
	require.Equal(f.t, http.StatusCreated, r.status, r.body)
	return r.header.Get("Location")
}

// approval is one that somebody asked for and another gave: `"approval":"…"`.
func (f *fixture) approval(by, giver person, body string) string {
	f.t.Helper()
	path := f.ask(by, body)
	r := f.sign(giver, path+"/give", `"0"`, `{}`)
	require.Equal(f.t, http.StatusOK, r.status, r.body)
	return `"approval":"` + strings.TrimPrefix(path, "/v1/approvals/") + `"`
}

// approved is the boss's approval of an act on a tool, for who gets it ("" for nobody).
func (s *store) approved(act, path, to string) string {
	s.t.Helper()
	if to != "" {
		to = `,"to":` + to
	}
	return s.approval(s.keeper, s.boss, `"act":"`+act+`","tools":["`+strings.TrimPrefix(path, "/v1/tools/")+`"]`+to)
}

func TestTOL16AnApprovalIsASignedFactForOneThingRecipientAndUse(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	paths := s.numbered("personal", "wrench", "W-1", "W-2")
	ids := []string{strings.TrimPrefix(paths[0], "/v1/tools/"), strings.TrimPrefix(paths[1], "/v1/tools/")}
	issue := func(approval string) string {
		return `{"to":` + toPerson(s.li) + `,"approval":"` + strings.TrimPrefix(approval, "/v1/approvals/") + `"}`
	}
	require.Equal(t, http.StatusBadRequest, s.give(s.keeper, paths[0]+"/issue", `{"to":`+toPerson(s.li)+`,"approved_by":"`+s.boss.id+`"}`).status,
		"nobody names who has approved")
	s.refused(s.keeper, paths[0]+"/issue", issue(uuid.NewString()), "POL-10")

	asked := s.ask(s.li, `"act":"issue","tools":["`+ids[0]+`"],"to":`+toPerson(s.li)) // the recipient may ask
	require.Equal(t, "approval.not_given", s.refused(s.keeper, paths[0]+"/issue", issue(asked), "TOL-16").Key)
	require.Equal(t, http.StatusForbidden, s.sign(s.li, asked+"/give", `"0"`, `{}`).status, "a technician signs nothing")
	other, err := s.issuer.Mint("li-as-manager", uuid.MustParse(s.li.id), []string{"manager"}, []string{auth.AllSites}, time.Hour)
	require.NoError(t, err)
	p := s.sign(person{s.li.id, other}, asked+"/give", `"0"`, `{}`).problem(t)
	require.Equal(t, []string{"TOL-16", "approval.own"}, []string{p.Rule, p.Key}, "another account of a person is the same person")
	require.Equal(t, "approval.role_missing", s.sign(s.person("gm", "gm"), asked+"/give", `"0"`, `{}`).problem(t).Key)
	require.Equal(t, http.StatusOK, s.sign(s.boss, asked+"/give", `"0"`, `{}`).status)

	require.Equal(t, "approval.of_another_thing", s.refused(s.keeper, paths[1]+"/issue", issue(asked), "TOL-16").Key)
	require.Equal(t, "approval.of_another_thing", s.refused(s.keeper, paths[0]+"/issue", strings.Replace(issue(asked), s.li.id, s.wang.id, 1), "TOL-16").Key)
	boss, err := s.issuer.Mint("boss-as-keeper", uuid.MustParse(s.boss.id), []string{"storekeeper"}, []string{auth.AllSites}, time.Hour)
	require.NoError(t, err)
	require.Equal(t, "approval.own", s.refused(person{s.boss.id, boss}, paths[0]+"/issue", issue(asked), "TOL-16").Key, "who gave it does not issue")
	s.done(s.keeper, paths[0]+"/issue", issue(asked))
	stored := s.events()
	s.done(s.li, paths[0]+"/refuse", `{"reason":"弯了"}`)
	require.Equal(t, stored+1, s.events())
	require.Equal(t, "approval.used_up", s.refused(s.keeper, paths[0]+"/issue", issue(asked), "TOL-16").Key)
	require.Equal(t, "approval.over", s.sign(s.boss, asked+"/withdraw", `"2"`, `{"reason":"r"}`).problem(t).Key)

	taken := s.ask(s.keeper, `"act":"issue","kind":"wrench","pieces":2,"to":`+toPerson(s.li))
	require.Equal(t, http.StatusOK, s.sign(s.boss, taken+"/give", `"0"`, `{}`).status)
	require.Equal(t, "approval.not_yours", s.sign(s.wang, taken+"/withdraw", `"1"`, `{"reason":"r"}`).problem(t).Key)
	require.Equal(t, http.StatusOK, s.sign(s.boss, taken+"/withdraw", `"1"`, `{"reason":"停产"}`).status)
	require.Equal(t, "approval.was_withdrawn", s.refused(s.keeper, paths[1]+"/issue", issue(taken), "TOL-16").Key)

	never := s.ask(s.keeper, `"act":"issue","tools":["`+ids[1]+`"],"to":`+toPerson(s.li))
	require.Equal(t, http.StatusOK, s.sign(s.boss, never+"/refuse", `"0"`, `{"reason":"已有一把"}`).status)
	require.Equal(t, "approval.was_refused", s.refused(s.keeper, paths[1]+"/issue", issue(never), "TOL-16").Key)
}

func TestTOL16WhoApprovedATeamsToolsDoesNotSignForThem(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	team := s.team("A", s.li)
	to := `{"kind":"team","who":"` + team + `"}`
	path := s.numbered("shared", "wrench", "W-1")[0]
	s.done(s.keeper, path+"/issue", `{"to":`+to+`,`+s.approved("issue", path, to)+`}`)
	s.joins(team, s.boss)
	require.Equal(t, "tool.approves_own", s.refused(s.boss, path+"/accept", `{}`, "TOL-16").Key)
	s.done(s.li, path+"/accept", `{}`)
}

func TestPOL10AnApprovalIsGoodForAsLongAsThePolicySays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	lines := `"passing":"forbidden","approvals":[{"act":"issue","needs":["director"],"hours":2}]`
	r := f.post("/v1/policies", strings.Replace(toolRules, `"passing":"forbidden"`, lines, 1), nil, "manager")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	s := storeOf(f)
	path := s.numbered("personal", "wrench", "W-1")[0]
	ask := `"act":"issue","tools":["` + strings.TrimPrefix(path, "/v1/tools/") + `"],"to":` + toPerson(s.li)
	first := s.ask(s.keeper, ask)
	require.Equal(t, "approval.role_missing", s.sign(s.boss, first+"/give", `"0"`, `{}`).problem(t).Key, "the policy names the director")
	good := s.approval(s.keeper, s.person("zhao", "director"), ask)
	s.clock.Advance(3 * time.Hour)
	s.keeper = s.person("keeper-2", "storekeeper") // a token ends with the clock
	require.Equal(t, "approval.expired", s.refused(s.keeper, path+"/issue", `{"to":`+toPerson(s.li)+`,`+good+`}`, "TOL-16").Key)
}

func TestTOL16SixtyFourAtOnceHaveOneOutcome(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	path := s.numbered("personal", "wrench", "W-1")[0]
	ask := `"act":"issue","tools":["` + strings.TrimPrefix(path, "/v1/tools/") + `"],"to":` + toPerson(s.li)
	asked := s.ask(s.keeper, ask)
	race := func(of func(n int) reply) []reply {
		out := make([]reply, 64)
		var wg sync.WaitGroup
		for n := range out {
			wg.Go(func() { out[n] = of(n) })
		}
		wg.Wait()
		return out
	}
	changed := func(all []reply, even bool) int {
		won := 0
		for n, r := range all {
			if (n%2 == 0) == even && strings.Contains(r.body, `"changed":true`) {
				won++
			}
		}
		return won
	}
	// given or withdrawn, of the same request at the same revision
	all := race(func(n int) reply {
		if n%2 == 0 {
			return s.sign(s.boss, asked+"/give", `"0"`, `{}`)
		}
		return s.sign(s.keeper, asked+"/withdraw", `"0"`, `{"reason":"r"}`)
	})
	require.Equal(t, 1, changed(all, true)+changed(all, false))
	// used or withdrawn
	for range 8 {
		given := s.approval(s.keeper, s.boss, ask)
		at := strings.TrimSuffix(strings.TrimPrefix(given, `"approval":"`), `"`)
		tag := s.tags[path]
		all = race(func(n int) reply {
			if n%2 == 0 {
				return s.sign(s.keeper, path+"/issue", tag, `{"to":`+toPerson(s.li)+`,`+given+`}`)
			}
			return s.sign(s.boss, "/v1/approvals/"+at+"/withdraw", `"1"`, `{"reason":"r"}`)
		})
		used, withdrawn := changed(all, true), changed(all, false)
		require.Equal(t, 1, used+withdrawn, "used %d, withdrawn %d", used, withdrawn)
		if used == 0 {
			continue
		}
		for _, r := range all {
			if strings.Contains(r.body, `"changed":true`) {
				s.tags[path] = r.header.Get("ETag")
			}
		}
		s.done(s.li, path+"/refuse", `{"reason":"r"}`)
	}
}

func TestTOL16AManyToolsApprovalIsUsedBySixtyFourJustAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var numbers []string
	for n := range 64 {
		numbers = append(numbers, "W-1"+string(rune('A'+n%26))+string(rune('a'+n/26)))
	}
	paths := s.numbered("personal", "wrench", numbers...)
	given := s.approval(s.keeper, s.boss, `"act":"issue","kind":"wrench","pieces":5,"to":`+toPerson(s.li))
	var wg sync.WaitGroup
	out := make([]reply, len(paths))
	for n, path := range paths {
		wg.Go(func() { out[n] = s.sign(s.keeper, path+"/issue", s.tags[path], `{"to":`+toPerson(s.li)+`,`+given+`}`) })
	}
	wg.Wait()
	done := 0
	for _, r := range out {
		switch r.status {
		case http.StatusOK:
			done++
		case http.StatusConflict:
			require.Equal(t, "approval.used_up", r.problem(t).Key)
		default:
			require.Equal(t, http.StatusServiceUnavailable, r.status, r.body)
		}
	}
	require.Equal(t, 5, done)
}

func TestTOL16ApprovalsAreListedAndShown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, at := uuid.New(), domain.At(noon)
	one := api.Approval{
		Id: id, Site: "hq", Stream: "fl.approval-" + id.String(), Standing: "requested", Act: "issue", Tools: []uuid.UUID{}, Scope: []api.Holder{}, Needs: []string{"manager"},
		Waits: "manager", Signed: []api.ApprovalSignature{}, Uses: []api.ApprovalUse{}, RequestedAt: at,
	}
	f.reads.approvals = []api.Approval{one, one}
	require.Equal(t, http.StatusOK, f.get("/v1/approvals/"+id.String(), "storekeeper").status)
	require.Equal(t, http.StatusNotFound, f.get("/v1/approvals/"+uuid.NewString(), "storekeeper").status)
	r := f.get("/v1/approvals?waits_for_me=true&standing=requested&limit=1", "manager")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, []string{"manager"}, f.reads.wanted.For.Roles)
	require.NotContains(t, r.body, `"next":null`)
}
