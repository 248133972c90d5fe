package api_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
)

func (r *room) LedgerDuty(_ context.Context, _ api.AsOf, site string, on *domain.Day) (api.LedgerDuty, error) {
	out := api.LedgerDuty{AsOf: seenAt, Site: site, Supervisors: []string{}, Persons: []api.LedgerAnswerer{}}
	if r.answers != "" {
		out.Answers, out.Supervisors = r.answers, []string{"equipment_officer"}
		out.Persons = append(out.Persons, api.LedgerAnswerer{Id: lin, External: []api.ExternalKey{{System: "hr", Key: "E-7"}}})
	}
	if on != nil {
		out.On = string(*on)
	}
	return out, nil
}

func (r *room) LedgerSupervision(_ context.Context, _ api.AsOf, id uuid.UUID) (api.LedgerSupervision, api.Snapshot, error) {
	return api.LedgerSupervision{Id: id, Site: "hq", Ledger: api.Holder{Kind: "store", Who: "main"}, On: "2026-03-02", Findings: []api.LedgerFinding{{Found: "x"}}}, seenAt, nil
}

func (r *room) LedgerSupervisions(ctx context.Context, at api.AsOf, _ api.SupervisionQuery, _ api.Page) ([]api.LedgerSupervision, string, api.Snapshot, error) {
	one, _, err := r.LedgerSupervision(ctx, at, subject)
	return []api.LedgerSupervision{one}, "", seenAt, err
}

func (r *room) UnsupervisedLedgers(_ context.Context, _ api.AsOf, site string, _ *domain.Day) (api.LedgerUnsupervised, error) {
	return api.LedgerUnsupervised{AsOf: seenAt, Site: site, Items: []api.LedgerOverdue{}}, nil
}

func TestCHK05LedgersAreSupervisedByPost(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	look := `{"site":"hq","ledger":{"kind":"person","who":"` + p.wang.id + `"},"findings":["W-7 未登记"]}`
	p.refused("POL-08", p.send(p.li, "/v1/ledgers/supervisions", "", look)) // nobody has said who supervises
	p.refused("POL-08", p.send(p.boss, "/v1/ledgers/duty", "", `{"site":"hq","reason":"S5"}`))
	const duty = `{"site":"hq","answers":"workshop_head","supervisors":["equipment_officer","technician"],"months":1,"reason":"S5 五.4, 5"}`
	require.Equal(t, http.StatusForbidden, p.send(p.li, "/v1/ledgers/duty", "", duty).status)
	p.must(p.boss, "/v1/ledgers/duty", "", duty)
	p.refused("CHK-05", p.send(p.li, "/v1/ledgers/supervisions", "", look)) // no such post
	for _, by := range []person{p.li, p.wang} {
		r := p.post("/v1/persons/"+by.id+"/posts", `{"posts":["technician"],"since":"2026-01-01T00:00:00.000Z"}`, nil, "hr")
		require.Equal(t, http.StatusOK, r.status, r.body)
	}
	p.refused("CHK-05", p.send(p.wang, "/v1/ledgers/supervisions", "", look)) // his own ledger
	path, _ := p.begin(p.li, "/v1/ledgers/supervisions", look)
	p.refused("CHK-05", p.send(p.keeper, path+"/settlements", "", `{"finding":1,"how":"补记"}`))
	p.must(p.keeper, path+"/settlements", "", `{"finding":0,"how":"补记"}`)
	for _, of := range []string{path, "/v1/ledgers/supervisions?open=true", "/v1/ledgers/duty?site=hq&on=2026-03-02", "/v1/ledgers/unsupervised?site=hq&by=2026-05-02"} {
		r := p.get(of, "auditor")
		require.Equal(t, http.StatusOK, r.status, r.body)
	}
	const page = "/v1/ledgers/page?site=hq&holder_kind=store&holder=main&on=2026-03-02&as_of=7"
	require.NotContains(t, p.get(page, "auditor").body, "全面负责")
	p.reads.room.answers = "workshop_head"
	require.Contains(t, p.get(page, "auditor").body, "全面负责：workshop_head E-7　监督：equipment_officer", "who answers is on the page")
}
