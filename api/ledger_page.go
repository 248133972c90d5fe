package api

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/tool"
)

const ledgerRows = 200 // of a page

// GetLedgerPage answers a ledger page to print (CHK-03). It is the
// same bytes whenever it is asked as of its log number.
func (s *Server) GetLedgerPage(ctx context.Context, in GetLedgerPageRequestObject) (GetLedgerPageResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	q := LedgerQuery{Site: p.Site, Tool: or(p.Tool), After: or(p.After), Limit: ledgerRows}
	switch {
	case (p.HolderKind == nil) != (p.Holder == nil):
		return nil, badParameter("holder", "param.holder_kind")
	case (p.Holder == nil) == (p.Tool == nil): // one of both
		return nil, badParameter("tool", "param.ledger_of")
	case p.Holder != nil:
		q.Holder = tool.Holder{Kind: tool.HolderKind(*p.HolderKind), Who: *p.Holder}
	}
	if q.On, err = dayAsked("on", p.On); err != nil {
		return nil, err
	}
	page, seen, err := s.Keeping.LedgerPage(ctx, m, q)
	if err != nil {
		return nil, err
	}
	lang := "zh"
	if p.Lang != nil {
		lang = string(*p.Lang)
	}
	printed := s.ledgerPage(lang, q, page, seen)
	answers, err := s.answerLine(ctx, lang, q, seen)
	if err != nil {
		return nil, err
	}
	printed.Lines = append(printed.Lines, answers...) // CHK-05
	sheet, err := printed.html()
	if err != nil {
		return nil, err
	}
	policy := printPolicy
	return GetLedgerPage200TexthtmlResponse{
		Body: bytes.NewReader(sheet), ContentLength: int64(len(sheet)),
		Headers: GetLedgerPage200ResponseHeaders{ContentSecurityPolicy: &policy, FieldledgerAsOf: &seen.Number},
	}, nil
}

func (s *Server) ledgerPage(lang string, q LedgerQuery, page LedgerPage, seen Snapshot) printed {
	text := func(key string, args map[string]any) string { return s.Text(lang, "ledger."+key, args) }
	title, subject := "title_holder", text("subject", map[string]any{
		"site": page.SiteName, "kind": text("kind_"+string(q.Holder.Kind), nil), "who": q.Holder.Who,
	})
	if q.Tool != uuid.Nil {
		title = "title_tool"
		subject = text("subject_tool", map[string]any{"site": page.SiteName, "tool": q.Tool.String()})
	}
	stand := text("stands", map[string]any{"number": seen.Number})
	if q.On != nil {
		stand = text("stood", map[string]any{"on": string(*q.On), "number": seen.Number})
	}
	var table printedTable
	for _, c := range []string{"number", "name", "spec", "tool_kind", "price", "holder", "since", "last_day"} {
		table.Columns = append(table.Columns, text("column_"+c, nil))
	}
	var sum int64
	for _, r := range page.Rows {
		sum += r.PriceFen
		table.Rows = append(table.Rows, []printedCell{
			{Text: r.Number},
			{Text: r.Name},
			{Text: r.Spec},
			{Text: r.Kind},
			{Text: yuan(r.PriceFen), Number: true},
			{Text: text("kind_"+string(r.Holder.Kind), nil) + " " + r.Holder.Who},
			{Text: r.Since.In(page.Zone).Format("2006-01-02 15:04")},
			{Text: string(r.LastDay)},
		})
	}
	out := printed{
		Lang: lang, Title: text(title, nil), Wide: true, Lines: []string{subject, stand}, Tables: []*printedTable{&table},
		Signs: []string{text("keeper", nil), text("checker", nil)},
	}
	if q.Tool == uuid.Nil {
		out.After = append(out.After, text("total", map[string]any{"count": len(page.Rows), "sum": yuan(sum)}))
	}
	if page.More != "" {
		out.After = append(out.After, text("more", map[string]any{"after": page.More}))
	}
	return out
}
