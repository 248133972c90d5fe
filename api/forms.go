package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// formKind is how one form is made.
type formKind struct {
	operation string   // whose answer it prints: who may not see that gets no form
	basis     string   // rules and sources, for its foot
	signs     []string // who signs it
	fill      func(*form) error
}

func formKinds() map[FormName]formKind {
	return map[FormName]formKind{
		FormNameIssueSlip:           {"getTool", "TOL-04, TOL-16, TOL-17 (S2 一.2, 三.1; S5 六.2; S7 四.4, 五.1)", []string{"storekeeper", "approver", "recipient"}, issueSlip},
		FormNameToolCard:            {"getLedgerPage", "TOL-04, TOL-05, TOL-15 (S2 三.1; S7 四.1)", []string{"storekeeper", "keeper"}, holderCard},
		FormNameBorrowRecord:        {"getTool", "TOL-09, TOL-10 (S2 三.7; S5 六.6, 7; S7 四.8)", []string{"storekeeper", "borrower", "returned"}, borrowRecord},
		FormNameExchangeApplication: {"getExchange", "EXC-01, EXC-02, EXC-04 (S2 三.3; S5 六.3, 4; S7 四.3, 五.2)", []string{"applicant", "approver", "storekeeper", "recipient"}, exchangeApplication},
		FormNameScrapNote:           {"getScrapRequest", "STK-08, STK-12, EXC-02 (S9 第一条 3, 4; S5 六.3; S7 五.3)", []string{"applicant", "storekeeper", "approver"}, scrapNote},
		FormNameLossReport:          {"getLoss", "LOS-01, LOS-02, LOS-05 (S2 三.3, 5; S5 六.4)", []string{"reporter", "crew_head", "manager"}, lossReport},
		FormNameCompensationNotice:  {"getLoss", "LOS-03, LOS-04, LOS-07, LOS-08 (S2 三.3; S5 六.4, 5, 7; 工资支付暂行规定 16)", []string{"manager", "hr", "debtor"}, compensationNotice},
		FormNameStocktakeSheet:      {"getStocktake", "CHK-01 (S7 四.7)", []string{"storekeeper", "manager"}, stocktakeSheet},
	}
}

// GetForm answers a form to print and sign. It is the same bytes whenever it
// is asked as of its log number by somebody who may see the same.
func (s *Server) GetForm(ctx context.Context, in GetFormRequestObject) (GetFormResponseObject, error) {
	kind, known := formKinds()[in.Form]
	if !known {
		return nil, commands.ErrNotFound
	}
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	f := &form{s: s, ctx: ctx, kind: kind, id: in.Id, payer: in.Params.Person, at: m, open: s.opening(ctx), names: map[uuid.UUID]string{}}
	f.page.Lang = "zh"
	if in.Params.Lang != nil {
		f.page.Lang = string(*in.Params.Lang)
	}
	if err := kind.fill(f); err != nil {
		return nil, err
	}
	if err := errors.Join(f.err, f.open.done()); err != nil { // AUD-08: the look is on record, or nothing is shown
		return nil, err
	}
	f.frame(string(in.Form))
	sheet, err := f.page.html()
	if err != nil {
		return nil, err
	}
	policy := printPolicy
	return GetForm200TexthtmlResponse{
		Body: bytes.NewReader(sheet), ContentLength: int64(len(sheet)),
		Headers: GetForm200ResponseHeaders{ContentSecurityPolicy: &policy, FieldledgerAsOf: &f.number},
	}, nil
}

// form is a form while it is filled in.
type form struct {
	s      *Server
	ctx    context.Context //nolint:containedctx // lives for one answer
	kind   formKind
	id     uuid.UUID
	payer  *uuid.UUID
	at     AsOf // after begin a log number: all of the form is as of it
	number int64
	site   Site
	zone   *time.Location
	open   *opening
	names  map[uuid.UUID]string
	page   printed
	err    error // the first one of a name
}

// begin fixes the log number, and ends for those who may not see what is printed.
func (f *form) begin(site string, seen Snapshot) error {
	if err := f.s.see(f.ctx, site); err != nil {
		return err
	}
	if !f.s.may(f.ctx, f.kind.operation, site) {
		return commands.ErrNotFound
	}
	f.number, f.at = seen.Number, AsOf{Number: &seen.Number}
	var err error
	if f.site, _, err = f.s.Directory.Site(f.ctx, f.at, site); err != nil {
		return fmt.Errorf("find site %s of the form: %w", site, err)
	}
	if f.zone, err = calendar.LoadZone(f.site.Zone); err != nil {
		return fmt.Errorf("zone of site %s: %w", site, err)
	}
	return nil
}

func (f *form) text(key string, args map[string]any) string {
	return f.s.Text(f.page.Lang, "form."+key, args)
}

// frame adds what every form has: title, site, log number, signatures, foot.
func (f *form) frame(name string) {
	f.page.Title = f.text("title_"+name, nil)
	f.page.Lines = []string{f.text("subject", map[string]any{"site": f.site.Name, "id": f.id.String()}), f.text("stands", map[string]any{"number": f.number})}
	for _, who := range f.kind.signs {
		f.page.Signs = append(f.page.Signs, f.text("sign_"+who, nil))
	}
	f.page.Foot = f.text("basis", map[string]any{"basis": f.kind.basis})
}

// fact adds a line with a name; an empty one is left to be filled in by hand.
func (f *form) fact(key, text string) {
	f.page.Facts = append(f.page.Facts, printedFact{f.text("fact_"+key, nil), text})
}

// facts adds lines: names and texts in turn.
func (f *form) facts(pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		f.fact(pairs[i], pairs[i+1])
	}
}

// table adds an empty table with a head.
func (f *form) table(title string, columns ...string) *printedTable {
	t := &printedTable{Title: f.text("table_"+title, nil)}
	for _, c := range columns {
		t.Columns = append(t.Columns, f.text("fact_"+c, nil))
	}
	f.page.Tables = append(f.page.Tables, t)
	return t
}

func (t *printedTable) row(cells ...string) {
	row := make([]printedCell, len(cells))
	for i, c := range cells {
		row[i].Text = c
	}
	t.Rows = append(t.Rows, row)
}

// value is the text of a code; of none "".
func (f *form) value(code string) string {
	if code == "" {
		return ""
	}
	return f.text("value_"+code, nil)
}

func (f *form) yes(b bool) string {
	if b {
		return f.value("yes")
	}
	return f.value("no")
}

// when is a time on the site's clock.
func (f *form) when(at domain.Instant) string {
	if at.IsZero() {
		return ""
	}
	return at.In(f.zone).Format("2006-01-02 15:04")
}

// months is a number of months; none is "".
func (f *form) months(n int64) string {
	if n == 0 {
		return ""
	}
	return f.text("months", map[string]any{"count": n})
}

// holder names a custodian.
func (f *form) holder(h Holder) string {
	switch tool.HolderKind(h.Kind) {
	case tool.Person:
		return f.person(h.Who)
	case tool.Team:
		return f.team(h.Who)
	case tool.Nobody, "":
		return ""
	case tool.Store, tool.Repairer:
	}
	return f.text("holder_"+string(h.Kind), map[string]any{"who": h.Who})
}

// person names a person by the key in the staff's own system, with the name
// for those who may see it; one sees the own name (AUD-08).
func (f *form) person(who string) string {
	if who == "system" { // what happens by itself has nobody's name
		return f.text("system", nil)
	}
	id, err := uuid.Parse(who)
	if err != nil {
		return who
	}
	return f.named(id, func() (string, error) {
		p, _, err := f.s.Directory.Person(f.ctx, f.at, id)
		if err != nil {
			return "", err
		}
		return f.sealed(p), nil
	})
}

func (f *form) sealed(p SealedPerson) string {
	key := p.Id.String()
	if len(p.External) > 0 {
		key = p.External[0].System + ":" + p.External[0].Key
	}
	var name Personal
	if f.own(p.Id) {
		name = f.open.opened(p.Name, commands.FieldName)
	} else {
		name = f.open.open(p.Site, p.Name, commands.FieldName)
	}
	if text := f.personal(name); text != "" {
		return text + " (" + key + ")"
	}
	return key
}

// own reports whether a person is the caller.
func (f *form) own(id uuid.UUID) bool { return f.open.x.actor.Person == id.String() }

// personal is what the caller gets to see of a personal field.
func (f *form) personal(p Personal) string {
	switch {
	case p.Masked:
		return f.text("masked", nil)
	case p.Erased:
		return f.text("erased", nil)
	}
	return or(p.Value)
}

func (f *form) team(who string) string {
	id, err := uuid.Parse(who)
	if err != nil {
		return who
	}
	return f.named(id, func() (string, error) {
		t, _, err := f.s.Directory.Team(f.ctx, f.at, id)
		return t.Name + " (" + t.Code + ")", err
	})
}

// named looks a name up once; who is not there is named by the id.
func (f *form) named(id uuid.UUID, find func() (string, error)) string {
	name, known := f.names[id]
	if known {
		return name
	}
	name, err := find()
	if err != nil {
		name = id.String()
		if !errors.Is(err, commands.ErrNotFound) && f.err == nil {
			f.err = fmt.Errorf("name %s: %w", id, err)
		}
	}
	f.names[id] = name
	return name
}
