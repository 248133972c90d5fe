package readside_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

var rowNumber = regexp.MustCompile(`W-\d\d`)

// The pages of the store and of each person, printed by the API for a day and
// as known by a number, hold every tool once, where the events of that number
// say that it was; and the same bytes when they are asked for again after more
// late facts and strikes.
func TestCHK03EveryLedgerPageAgreesWithTheThings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	holders := w.equip()
	random := rand.New(rand.NewPCG(3, 9))
	var ids []uuid.UUID
	for n := range 4 {
		reg, err := w.App.Tools.Register(t.Context(), w.request(), commands.RegisterTool{
			Site: "hq", Number: fmt.Sprintf("W-%02d", n), Kind: "wrench", Name: "w", PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "main",
		})
		require.NoError(t, err)
		ids = append(ids, reg.ID)
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	start := w.Clock.Now()
	live := func(steps int) {
		for n := range steps {
			w.Clock.Advance(time.Duration(random.IntN(120)) * time.Minute)
			id, who := ids[random.IntN(len(ids))], holders[2+random.IntN(2)]
			switch random.IntN(6) {
			case 0, 1:
				w.lateUse(random, id, who)
			case 2:
				w.strikeSome(random, id, holders)
			case 3:
				w.find(id)
			default:
				w.useTool(random, id, holders[2:])
			}
			if n%9 == 8 {
				w.mark(id, n)
			}
		}
	}
	live(300)
	middle := w.settle()
	live(150)
	head := w.settle()
	log := w.records(head)
	late, struck := 0, 0
	for _, rec := range log {
		if l, ok := rec.Event.(eventschemas.Late); ok && l.EnteredLate() {
			late++
		}
		if rec.Type == "record.struck.v1" {
			struck++
		}
	}
	require.GreaterOrEqual(t, late, 2)
	require.Greater(t, struck, 5)

	url, token := w.serve()
	body := map[string]string{}
	days := int(w.Clock.Now().Sub(start).Hours() / 24)
	ask := func(check func(kind, who string, day time.Time, number int64, page string)) {
		for _, number := range []int64{middle, head} {
			for n := 1; n < days; n += max(1, days/12) {
				day := start.In(zone).AddDate(0, 0, n)
				for _, h := range []tool.Holder{{Kind: tool.Store, Who: "main"}, holders[2], holders[3]} {
					a := page(t, url+"/v1/ledgers/page?site=hq&holder_kind="+string(h.Kind)+"&holder="+h.Who+"&on="+day.Format(time.DateOnly)+"&as_of="+strconv.FormatInt(number, 10), token("*"))
					require.Equal(t, http.StatusOK, a.status, a.body)
					check(string(h.Kind), h.Who, day, number, a.body)
				}
			}
		}
	}
	moved := 0
	ask(func(kind, who string, day time.Time, number int64, page string) {
		end := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone).Add(-time.Millisecond)
		want := []string{}
		for n := range ids {
			number2 := fmt.Sprintf("W-%02d", n)
			if heldThen(standing(log, number), number, end)[number2] == (tool.Holder{Kind: tool.HolderKind(kind), Who: who}) {
				want = append(want, number2)
			}
		}
		got := []string{}
		got = append(got, rowNumber.FindAllString(page, -1)...)
		require.Equal(t, want, got, "%s %s on %s as of %d: %s", kind, who, day.Format(time.DateOnly), number, page)
		moved += len(want)
		body[fmt.Sprint(kind, who, day, number)] = page
	})
	require.Greater(t, moved, 20)
	live(60)
	w.settle()
	ask(func(kind, who string, day time.Time, number int64, page string) {
		if now, ok := body[fmt.Sprint(kind, who, day, number)]; ok {
			require.Equal(t, now, page, "the same page")
		}
	})
}

// Who answers is who held the post on the day that is asked for, as it is known
// by the number that is asked for; what nobody has looked at is listed.
func TestCHK05WhoAnswersAndWhatIsOverdue(t *testing.T) {
	t.Parallel()
	r := newToolRoom(t)
	ctx := t.Context()
	day := func(months, days int) domain.Day {
		d, err := time.Parse(time.DateOnly, string(r.today()))
		require.NoError(t, err)
		return domain.Day(d.AddDate(0, months, days).Format(time.DateOnly))
	}
	post := func(n int, posts ...string) {
		r.did(r.App.People.Post(ctx, r.by(0), uuid.MustParse(r.people[n]), commands.PostPerson{Posts: posts, Since: r.Clock.Now()}))
	}
	first := r.today()
	ids := []uuid.UUID{r.tool("wrench", "W-1"), r.tool("wrench", "W-2")}
	r.give(ids[0], 1)
	nobody, err := r.side.LedgerDuty(ctx, api.AsOf{}, "hq", nil)
	require.NoError(t, err)
	require.Empty(t, nobody.Answers)
	post(2, "workshop_head")
	r.did(r.App.Supervisions.SetDuty(ctx, r.by(0), commands.SetLedgerDuty{Site: "hq", Answers: "workshop_head", Supervisors: []string{"equipment_officer"}, Months: 1, Reason: "S5"}))
	known := r.settle()
	r.Clock.Advance(10 * 24 * time.Hour)
	post(2)
	post(3, "workshop_head", "equipment_officer")
	second := r.today()
	r.settle()
	answers := func(at api.AsOf, on domain.Day) []string {
		d, err := r.side.LedgerDuty(ctx, at, "hq", &on)
		require.NoError(t, err)
		out := []string{}
		for _, p := range d.Persons {
			out = append(out, p.Id.String())
		}
		return out
	}
	require.Equal(t, []string{r.people[2]}, answers(api.AsOf{}, first))
	require.Equal(t, []string{r.people[3]}, answers(api.AsOf{}, second))
	require.Equal(t, []string{r.people[2]}, answers(api.AsOf{Number: &known}, second), "as it was known then")

	overdue := func(by domain.Day) []string {
		r.settle()
		u, err := r.side.UnsupervisedLedgers(ctx, api.AsOf{}, "hq", &by)
		require.NoError(t, err)
		out := []string{}
		for _, l := range u.Items {
			out = append(out, fmt.Sprint(l.Ledger.Kind, " ", l.Tools))
		}
		return out
	}
	require.Empty(t, overdue(day(0, 0)), "the first period runs")
	late := day(1, 5)
	require.Equal(t, []string{"person 1", "store 1"}, overdue(late))
	here := tool.Holder{Kind: tool.Store, Who: "main"}
	_, err = r.App.Supervisions.Supervise(ctx, r.by(2), commands.SuperviseLedger{Site: "hq", Ledger: here})
	require.ErrorContains(t, err, "CHK-05", "holds no such post any more")
	r.Clock.Advance(12 * 24 * time.Hour)
	look, err := r.App.Supervisions.Supervise(ctx, r.by(3), commands.SuperviseLedger{Site: "hq", Ledger: here, Findings: []string{"W-9 is not entered", "W-2 has no number"}})
	require.NoError(t, err)
	require.Equal(t, []string{"person 1"}, overdue(late), "the store was looked at")
	r.did(r.App.Supervisions.Settle(ctx, r.by(0), look.ID, commands.SettleLedgerFinding{Finding: 1, How: "stamped"}))
	before := r.settle()
	open, _, _, err := r.side.LedgerSupervisions(ctx, api.AsOf{}, api.SupervisionQuery{Open: true}, everything)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, []any{1, "equipment_officer", r.people[3]}, []any{open[0].Open, open[0].Post, open[0].By})
	r.did(r.App.Supervisions.Settle(ctx, r.by(0), look.ID, commands.SettleLedgerFinding{Finding: 0, How: "entered"}))
	r.settle()
	open, _, _, err = r.side.LedgerSupervisions(ctx, api.AsOf{}, api.SupervisionQuery{Open: true}, everything)
	require.NoError(t, err)
	require.Empty(t, open)
	one, _, err := r.side.LedgerSupervision(ctx, api.AsOf{Number: &before}, look.ID)
	require.NoError(t, err)
	require.Equal(t, 1, one.Open, "as it was known then")
	_, _, err = r.side.LedgerSupervision(ctx, api.AsOf{}, uuid.New())
	require.ErrorIs(t, err, commands.ErrNotFound)
}
