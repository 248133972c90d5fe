package api

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/tool"
)

//go:embed web/ledger.html
var ledgerHTML string

var ledgerTemplate = template.Must(template.New("ledger").Parse(ledgerHTML))

const ledgerRows = 200 // of a page

// GetLedgerPage answers a ledger page to print (CHK-03). It holds nothing but
// what was asked for and what was known as of its log number, so that it is
// the same bytes whenever it is asked as of that number.
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
	var b bytes.Buffer
	if err := ledgerTemplate.Execute(&b, s.printed(lang, q, page, seen)); err != nil {
		return nil, fmt.Errorf("print ledger page: %w", err)
	}
	return GetLedgerPage200TexthtmlResponse{
		Body: &b, ContentLength: int64(b.Len()), Headers: GetLedgerPage200ResponseHeaders{FieldledgerAsOf: &seen.Number},
	}, nil
}

// printedCell is a cell of the table.
type printedCell struct {
	Text   string
	Number bool
}

// printedLedger is what the template prints.
type printedLedger struct {
	Lang, Title, Subject, Stand, Total, More, Keeper, Checker string
	Columns                                                   []string
	Rows                                                      [][]printedCell
}

func (s *Server) printed(lang string, q LedgerQuery, page LedgerPage, seen Snapshot) printedLedger {
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
	out := printedLedger{Lang: lang, Title: text(title, nil), Subject: subject, Stand: stand, Keeper: text("keeper", nil), Checker: text("checker", nil)}
	for _, c := range []string{"number", "name", "spec", "tool_kind", "price", "holder", "since", "last_day"} {
		out.Columns = append(out.Columns, text("column_"+c, nil))
	}
	var sum int64
	for _, r := range page.Rows {
		sum += r.PriceFen
		out.Rows = append(out.Rows, []printedCell{
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
	if q.Tool == uuid.Nil {
		out.Total = text("total", map[string]any{"count": len(page.Rows), "sum": yuan(sum)})
	}
	if page.More != "" {
		out.More = text("more", map[string]any{"after": page.More})
	}
	return out
}

// yuan writes an amount in fen as yuan with two digits.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }
