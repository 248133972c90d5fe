package exportlog_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/exportlog"
	"github.com/fieldledger/fieldledger/internal/importlog"
)

// figures are what must be equal after an export and an import.
type figures struct {
	Verdicts    []verdict
	Status      ticket.Status
	Level       ticket.Level
	Cycle       int
	Opened      string
	Channel     ticket.Channel
	Kind        string
	Problem     string
	Met         *bool
	Reassigned  *int64
	Due         []string // of the clocks that still run
	HasTeam     bool
	HasEngineer bool
}

type verdict struct {
	Target             ticket.TargetName
	Cycle              int
	Verdict            ticket.Verdict
	Start, At          string
	Gross, Paused, Net int64
	Limit              int64
	Calendar           string // its hash; the SLA's own holds the id of the calendar
}

// read folds every ticket of the installation, by its number.
func read(t *testing.T, h *apptest.Harness) map[string]figures {
	t.Helper()
	streams := map[string][]eventschemas.Recorded{}
	errEnd := errors.New("end of the log")
	err := h.Store.Follow(t.Context(), eventschemas.Position{}, "fl.ticket-", func(e eventschemas.Recorded) error {
		streams[e.Stream] = append(streams[e.Stream], e)
		return nil
	}, func() error { return errEnd })
	require.ErrorIs(t, err, errEnd)
	out := map[string]figures{}
	for _, events := range streams {
		if number, f := fold(t, events); number != "" {
			out[number] = f
		}
	}
	return out
}

func fold(t *testing.T, events []eventschemas.Recorded) (string, figures) {
	t.Helper()
	struck := map[uint64]bool{}
	decoded := make([]any, len(events))
	for i, e := range events {
		var err error
		decoded[i], err = eventschemas.Decode(e.Type, e.Data)
		require.NoError(t, err)
		if s, ok := decoded[i].(record.Struck); ok {
			struck[s.Revision] = true
		}
	}
	var s ticket.State
	var f figures
	number := ""
	for i, e := range events {
		event, _ := decoded[i].(ticket.Event)
		if struck[e.Revision] {
			event = nil
		}
		s = ticket.EvolveAt(s, e.Revision, event)
		if event, ok := event.(ticket.Registered); ok {
			number, f.Opened, f.Channel = event.Number, event.At.String(), event.Channel
			f.Kind, f.Problem = event.Kind, event.Problem
		}
		if event, ok := event.(ticket.Judged); ok {
			v := verdict{
				Target: event.Target, Cycle: event.Cycle, Verdict: event.Verdict, Start: event.StartAt.String(), At: event.At.String(),
				Gross: event.GrossS, Paused: event.PausedS, Net: event.NetS, Limit: event.LimitS,
			}
			if event.Calendar != nil {
				v.Calendar = event.Calendar.Hash
			}
			f.Verdicts = append(f.Verdicts, v)
		}
	}
	f.Status, f.Level, f.Cycle = s.Status, s.Level, s.Cycle
	f.HasTeam, f.HasEngineer = s.Team != uuid.Nil, s.Technician != uuid.Nil
	if s.Claim != nil {
		f.Met, f.Reassigned = s.Claim.SLAMet, s.Claim.Reassignments
	}
	for _, c := range s.Clocks {
		if c.Running() && c.Target != nil {
			f.Due = append(f.Due, c.Target.DueAt.String())
		}
	}
	return number, f
}

func importInto(t *testing.T, h *apptest.Harness, log, mapping []byte) importlog.Report {
	t.Helper()
	m, err := importlog.ParseMapping(mapping)
	require.NoError(t, err, string(mapping))
	r, err := importlog.Run(t.Context(), importlog.Options{
		Source: bytes.NewReader(log), Mapping: m, App: h.App, Request: h.Request("import"), Clock: h.Clock,
	})
	require.NoError(t, err)
	require.NoError(t, r.Check())
	return r
}

func export(t *testing.T, h *apptest.Harness, o exportlog.Options) (log, mapping []byte, r exportlog.Report) {
	t.Helper()
	var out, to bytes.Buffer
	o.Log, o.Streams, o.Out, o.Mapping = h.Store, h.Store, &out, &to
	r, err := exportlog.Run(t.Context(), o)
	require.NoError(t, err)
	return out.Bytes(), to.Bytes(), r
}

// again brings an export into a fresh installation.
func again(t *testing.T, log, mapping []byte) *apptest.Harness {
	t.Helper()
	h := apptest.New(t)
	h.Clock.Advance(30 * 24 * time.Hour)
	r := importInto(t, h, log, mapping)
	require.Empty(t, r.Refused, r.RefusedRows)
	require.Empty(t, r.Unmapped)
	return h
}

func TestAnExportOfTheSampleIsImportedWithEqualFigures(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	importInto(t, h, importlog.Sample(), importlog.SampleMapping())
	want := read(t, h)
	require.Len(t, want, 3201)
	verdicts := 0
	for _, f := range want {
		verdicts += len(f.Verdicts)
	}
	require.Greater(t, verdicts, 6000)
	for _, format := range []string{exportlog.CSV, exportlog.XES} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			log, mapping, r := export(t, h, exportlog.Options{Site: "servicenow", Format: format, Source: "other-" + format})
			require.Equal(t, 3201, r.Tickets)
			require.Empty(t, r.Inexact)
			require.Contains(t, string(mapping), `source: "other-`+format+`"`)
			for _, personal := range []string{"Caller ", "Resolver "} {
				require.NotContains(t, string(log), personal)
			}
			require.Equal(t, want, read(t, again(t, log, mapping)))
		})
	}
}

// busyDesk is a site whose tickets were worked on at our own desk, in every way there is.
func busyDesk(t *testing.T) *apptest.Harness {
	t.Helper()
	h := apptest.New(t)
	importInto(t, h, testdata(t, "workorders_zh.csv"), testdata(t, "workorders_zh.yaml"))
	d := worker{t, h}
	team, err := h.App.Teams.Register(t.Context(), h.Request("team"), commands.RegisterTeam{
		Site: "repair-centre", Name: "Night", External: external("night"),
	})
	require.NoError(t, err)

	first := d.call("Ms \"Quote\"; <Li> & sons\nback door")
	d.do("assign", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Assign(t.Context(), r, first, commands.AssignTicket{At: at, Team: team.ID})
	})
	d.do("pause", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Pause(t.Context(), r, first, commands.PauseTicket{At: at, Reason: ticket.WaitingParts, Evidence: "order 7"})
	})
	d.do("accept while paused", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Accept(t.Context(), r, first, at)
	})
	d.do("another reason", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Pause(t.Context(), r, first, commands.PauseTicket{At: at, Reason: ticket.WaitingCustomer})
	})
	d.do("level", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.ChangeLevel(t.Context(), r, first, commands.ChangeTicketLevel{At: at, Level: 1, Reason: "all down"})
	})
	d.do("arrive", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Arrive(t.Context(), r, first, at)
	})
	d.do("resolve", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Resolve(t.Context(), r, first, commands.ResolveTicket{At: at, Solution: "part"})
	})
	d.do("sign off", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.SignOff(t.Context(), r, first, commands.SignOffTicket{At: at, Signer: "Li"})
	})
	d.do("reopen", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Reopen(t.Context(), r, first, commands.ReopenTicket{At: at, Reason: "again"})
	})
	wrong := d.do("resolve by mistake", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Resolve(t.Context(), r, first, commands.ResolveTicket{At: at})
	})
	d.strike(first, wrong.Revision-int64(wrong.Events)+1) // and the verdict that followed
	d.do("resolve in truth", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Resolve(t.Context(), r, first, commands.ResolveTicket{At: at})
	})
	d.do("close", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Close(t.Context(), r, first, at)
	})

	running := d.call("Mr Sun")
	d.do("accept", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Accept(t.Context(), r, running, at)
	})
	d.call("Ms Wu")           // nobody answered yet
	d.strike(d.call("me"), 0) // never was
	return h
}

type worker struct {
	t *testing.T
	h *apptest.Harness
}

func (w worker) do(key string, f func(r commands.Request, at *time.Time) (commands.Result, error)) commands.Result {
	w.t.Helper()
	w.h.Clock.Advance(47*time.Minute + 300*time.Millisecond)
	at := w.h.Clock.Now()
	res, err := f(w.h.Request(key), &at)
	require.NoError(w.t, err, key)
	return res
}

// find returns the ticket with a number.
func (w worker) find(number string) uuid.UUID {
	w.t.Helper()
	var id uuid.UUID
	errEnd := errors.New("end of the log")
	err := w.h.Store.Follow(w.t.Context(), eventschemas.Position{}, "fl.ticket-", func(e eventschemas.Recorded) error {
		if strings.Contains(string(e.Data), `"number":"`+number+`"`) {
			id = uuid.MustParse(strings.TrimPrefix(e.Stream, "fl.ticket-"))
		}
		return nil
	}, func() error { return errEnd })
	require.ErrorIs(w.t, err, errEnd)
	return id
}

func (w worker) call(name string) uuid.UUID {
	w.t.Helper()
	w.h.Clock.Advance(13 * time.Minute)
	at := w.h.Clock.Now()
	reg, err := w.h.App.Tickets.Register(w.t.Context(), w.h.Request("call "+name), commands.RegisterTicket{
		Site: "repair-centre", CalledAt: &at, Channel: ticket.Letter, Kind: "complaint", Problem: `a "b"; c`, Level: 3, Customer: name, Phone: "138",
	})
	require.NoError(w.t, err)
	return reg.ID
}

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile("../importlog/testdata/" + name)
	require.NoError(t, err)
	return file
}

func TestAnExportOfOurOwnDeskIsImportedWithEqualFigures(t *testing.T) {
	t.Parallel()
	h := busyDesk(t)
	want := read(t, h)
	require.Len(t, want, 5)
	for _, format := range []string{exportlog.CSV, exportlog.XES} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			log, mapping, r := export(t, h, exportlog.Options{Site: "repair-centre", Format: format})
			require.Equal(t, 5, r.Tickets, "a ticket that was struck is none")
			require.Empty(t, r.Inexact)
			other := again(t, log, mapping)
			require.Equal(t, want, read(t, other))
			require.Zero(t, importInto(t, other, log, mapping).Events, "importing twice adds nothing")
		})
	}
}

func TestWhatAnImportCannotBuildAgainIsCounted(t *testing.T) {
	t.Parallel()
	h := busyDesk(t)
	w := worker{t, h}
	id := w.call("Ms Feng")
	w.do("pause both", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Pause(t.Context(), r, id, commands.PauseTicket{
			At: at, Reason: ticket.ForceMajeure, Clocks: []ticket.TargetName{ticket.FirstContact, ticket.Resolution},
		})
	})
	_, err := h.App.Policies.Record(t.Context(), h.Request("late"), commands.RecordPolicy{
		Site: "repair-centre", Kind: policy.KindCalendar, EffectiveFrom: time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC), Reason: "late",
		Content: json.RawMessage(`{"zone":"Asia/Shanghai","week":{"mon":[["08:00","12:00"]],"tue":[],"wed":[],"thu":[],"fri":[],"sat":[],"sun":[]},"days":{}}`),
	})
	require.NoError(t, err)
	_, mapping, r := export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV})
	require.Equal(t, 1, r.Inexact[exportlog.OtherClocks])
	byCalendar := r.Inexact[exportlog.OlderPolicy]
	require.Positive(t, byCalendar)
	require.Contains(t, string(mapping), "# Not exact: pause of other clocks (1).")
	m, err := importlog.ParseMapping(mapping)
	require.NoError(t, err)
	require.Len(t, m.Policies, 3)

	_, err = h.App.Policies.Record(t.Context(), h.Request("late targets"), commands.RecordPolicy{
		Site: "repair-centre", Kind: policy.KindSLA, EffectiveFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "late",
		Content: json.RawMessage(`{"calendar":"` + h.IDs.Policy("repair-centre", "calendar").String() + `","targets":[]}`),
	})
	require.NoError(t, err)
	_, _, r = export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV})
	require.Greater(t, r.Inexact[exportlog.OlderPolicy], byCalendar)
}

func TestPoliciesOfEverySiteAreWrittenAsTheSitesOwn(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	_, err := h.App.Sites.Register(t.Context(), h.Request("site"), commands.RegisterSite{Code: "repair-centre", Name: "R", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	recordPolicy := func(site string, kind policy.Kind, year int, content string) {
		_, err := h.App.Policies.Record(t.Context(), h.Request(site+string(kind)+content), commands.RecordPolicy{
			Site: site, Kind: kind, EffectiveFrom: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "agreed", Content: json.RawMessage(content),
		})
		require.NoError(t, err)
	}
	calendar := `{"calendar":"` + h.IDs.Policy("", "calendar").String() + `","targets":[{"level":3,"name":"first_contact","clock":"wall","limit_s":`
	recordPolicy("", policy.KindCalendar, 2020, `{"zone":"UTC","week":{"mon":[["00:00","24:00"]],"tue":[],"wed":[],"thu":[],"fri":[],"sat":[],"sun":[]},"days":{}}`)
	recordPolicy("", policy.KindSLA, 2020, calendar+`900}]}`)
	recordPolicy("repair-centre", policy.KindSLA, 2025, calendar+`600}]}`)
	recordPolicy("", policy.KindSLA, 2026, calendar+`300}]}`) // holds for others only (POL-06)
	recordPolicy("elsewhere", policy.KindSLA, 2020, calendar+`100}]}`)
	w := worker{t, h}
	id := w.call("Ms Feng")
	w.do("accept", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Accept(t.Context(), r, id, at)
	})
	log, mapping, r := export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.XES})
	require.Empty(t, r.Inexact)
	m, err := importlog.ParseMapping(mapping)
	require.NoError(t, err)
	require.Len(t, m.Policies, 3)
	require.NotContains(t, string(mapping), `"limit_s":300`)
	want := read(t, h)
	require.EqualValues(t, 600, want["T2026-000001"].Verdicts[0].Limit)
	require.Equal(t, want, read(t, again(t, log, mapping)))
}

func TestPoliciesOfTheSetsThatASiteFollowsAreWrittenAsTheSitesOwn(t *testing.T) { // POL-06, POL-09
	t.Parallel()
	h := apptest.New(t)
	site, err := h.App.Sites.Register(t.Context(), h.Request("site"), commands.RegisterSite{Code: "repair-centre", Name: "R", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	recordPolicy := func(set string, kind policy.Kind, content string) uuid.UUID {
		reg, err := h.App.Policies.Record(t.Context(), h.Request(set+string(kind)+content), commands.RecordPolicy{
			Set: set, Kind: kind, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "agreed", Content: json.RawMessage(content),
		})
		require.NoError(t, err)
		return reg.ID
	}
	targets := func(limit int) string {
		return fmt.Sprintf(`{"targets":[{"level":3,"name":"first_contact","clock":"wall","limit_s":%d}]}`, limit)
	}
	recordPolicy("", policy.KindCalendar, `{"zone":"UTC","week":{"mon":[["00:00","24:00"]]},"days":{}}`)
	recordPolicy("dealer", policy.KindSLA, targets(600))
	recordPolicy("mine", policy.KindSLA, targets(100)) // which it does not follow
	gms := recordPolicy("appliance-service", policy.KindSLA, targets(300))
	recordPolicy("appliance-service", policy.KindSLA, targets(200)) // a draft
	gm := h.Request("approve")
	gm.Actor.Person, gm.Actor.Roles = "gao", []string{policy.RoleGM}
	_, err = h.App.Policies.Approve(t.Context(), gm, gms, commands.ApprovePolicy{Version: 1})
	require.NoError(t, err)
	w := worker{t, h}
	accepted := func(name string) {
		id := w.call(name)
		w.do("accept "+name, func(r commands.Request, at *time.Time) (commands.Result, error) {
			return h.App.Tickets.Accept(t.Context(), r, id, at)
		})
	}
	for i, set := range []string{"dealer", "appliance-service"} {
		_, err = h.App.Sites.ChooseSet(t.Context(), h.Request(set), site.ID, commands.ChoosePolicySet{Set: set, EffectiveFrom: h.Clock.Now(), Reason: "x"})
		require.NoError(t, err)
		accepted([]string{"Ms Feng", "Mr Zhou"}[i])
		h.Clock.Advance(time.Hour)
	}
	log, mapping, r := export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV})
	require.Empty(t, r.Inexact)
	m, err := importlog.ParseMapping(mapping)
	require.NoError(t, err)
	require.Len(t, m.Policies, 3, "a calendar, and the targets of one set after those of the other")
	want := read(t, h)
	require.EqualValues(t, 600, want["T2026-000001"].Verdicts[0].Limit)
	require.EqualValues(t, 300, want["T2026-000002"].Verdicts[0].Limit)
	require.Equal(t, want, read(t, again(t, log, mapping)))
}

func TestAnExportHoldsAsOfALogNumber(t *testing.T) {
	t.Parallel()
	h := busyDesk(t)
	whole, _, all := export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV})
	same, _, r := export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV, AsOf: all.Number})
	require.Equal(t, all, r)
	require.Equal(t, string(whole), string(same))

	w := worker{t, h}
	id := w.call("Mr He") // what comes later changes nothing of it
	w.do("accept later", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Accept(t.Context(), r, id, at)
	})
	w.do("pause what ran", func(r commands.Request, at *time.Time) (commands.Result, error) {
		return h.App.Tickets.Pause(t.Context(), r, w.find("T2026-000002"), commands.PauseTicket{At: at, Reason: ticket.WaitingParts})
	})
	same, _, r = export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV, AsOf: all.Number})
	require.Equal(t, all, r)
	require.Equal(t, string(whole), string(same), "AUD-04")
	longer, _, _ := export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV})
	require.Len(t, strings.Split(string(longer), "\n"), len(strings.Split(string(whole), "\n"))+3)

	last := 0
	for n := int64(1); n <= all.Number; n++ {
		var out, mapping bytes.Buffer
		r, err := exportlog.Run(t.Context(), exportlog.Options{
			Log: h.Store, Streams: h.Store, Site: "repair-centre", Format: exportlog.CSV, AsOf: n, Out: &out, Mapping: &mapping,
		})
		if errors.Is(err, exportlog.ErrUnknownSite) {
			continue
		}
		require.NoError(t, err)
		require.Equal(t, n, r.Number)
		last = max(last, r.Rows)
	}
	require.GreaterOrEqual(t, last, all.Rows)
	_, err := exportlog.Run(t.Context(), exportlog.Options{Log: h.Store, Streams: h.Store, Site: "repair-centre", AsOf: all.Number + 1000})
	require.ErrorContains(t, err, "the log ends at number")
	_, err = exportlog.Run(t.Context(), exportlog.Options{Log: h.Store, Streams: h.Store, Site: "nowhere", Format: exportlog.CSV})
	require.ErrorIs(t, err, exportlog.ErrUnknownSite)
	_, err = exportlog.Run(t.Context(), exportlog.Options{Log: h.Store, Streams: h.Store, Site: "repair-centre", Format: "pdf"})
	require.ErrorContains(t, err, `format "pdf"`)
}

func TestPersonalFieldsAreEmptyUnlessTheyAreOpenedAndThenEachLookIsRecorded(t *testing.T) {
	t.Parallel()
	h := busyDesk(t)
	names := []string{"Quote", "Mr Sun", "Ms Wu", "赵女士", "钱先生", "E017", "E021", "138", "order 7"}
	for _, format := range []string{exportlog.CSV, exportlog.XES} {
		log, mapping, _ := export(t, h, exportlog.Options{Site: "repair-centre", Format: format})
		for _, name := range names {
			require.NotContains(t, string(log), name, "AUD-07")
		}
		require.NotContains(t, string(mapping), "customer: ")

		opener := &opener{h: h}
		log, mapping, _ = export(t, h, exportlog.Options{Site: "repair-centre", Format: format, Opener: opener})
		for _, name := range names {
			require.Contains(t, string(log), name)
		}
		require.Contains(t, string(mapping), "customer: ")
		require.Len(t, opener.looks, 5, "each subject once, that of the struck call not at all") // AUD-08
		require.Equal(t, read(t, h), read(t, again(t, log, mapping)))
	}
	refusing := &opener{h: h, err: errors.New("no access log")}
	_, err := exportlog.Run(t.Context(), exportlog.Options{
		Log: h.Store, Streams: h.Store, Site: "repair-centre", Format: exportlog.CSV, Out: io.Discard, Mapping: io.Discard, Opener: refusing,
	})
	require.ErrorContains(t, err, "record access to personal data: no access log")
	require.Zero(t, refusing.opened, "nothing is opened before the look is recorded")
}

func TestAnExportIsWellFormed(t *testing.T) {
	t.Parallel()
	h := busyDesk(t)
	opener := &opener{h: h}
	log, _, r := export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.CSV, Opener: opener})
	rows, err := csv.NewReader(bytes.NewReader(log)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, r.Rows+1)
	require.Equal(t, r.Rows+1, strings.Count(string(log), "\n"), "a row is a line")
	keys := map[string]bool{}
	for _, row := range rows[1:] {
		keys[row[0]+"/"+row[1]] = true
	}
	require.Len(t, keys, r.Rows, "each row has its own key")

	log, _, r = export(t, h, exportlog.Options{Site: "repair-centre", Format: exportlog.XES, Opener: opener})
	var xes struct {
		Traces []struct {
			Events []struct {
				Date []struct {
					Key   string `xml:"key,attr"`
					Value string `xml:"value,attr"`
				} `xml:"date"`
			} `xml:"event"`
		} `xml:"trace"`
	}
	require.NoError(t, xml.Unmarshal(log, &xes))
	require.Len(t, xes.Traces, r.Tickets)
	events := 0
	for _, trace := range xes.Traces {
		events += len(trace.Events)
		for _, e := range trace.Events {
			require.Equal(t, "time:timestamp", e.Date[0].Key)
			_, err := time.Parse(time.RFC3339Nano, e.Date[0].Value)
			require.NoError(t, err)
		}
	}
	require.Equal(t, r.Rows, events)
	require.NotEmpty(t, slices.Collect(maps.Keys(keys)))
}
