package readside_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

// shelves is a ledger of tools that nobody moves.
type shelves []stocktake.Expected

func (shelves) Head(context.Context, string, int64) (int64, error) { return 1, nil }

func (s shelves) Expected(context.Context, string, stocktake.Scope, int64) ([]stocktake.Expected, error) {
	return s, nil
}

func (shelves) Known(context.Context, string, []string, int64) ([]stocktake.Known, error) {
	return nil, nil
}

func (shelves) Elsewhere(context.Context, string, []string, int64) (map[string][]string, error) {
	return nil, nil
}

// BenchmarkStocktake counts 10,000 tools by 8 scanners, so many a request,
// through the use cases and the client onto a node: list, scans and result.
func BenchmarkStocktake(b *testing.B) {
	const tools, scanners = 10_000, 8
	list := make(shelves, tools)
	for n := range list {
		list[n] = stocktake.Expected{Tool: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, n)), Number: fmt.Sprintf("W-%05d", n), Holder: tool.Holder{Kind: tool.Store, Who: "main"}}
	}
	for _, batch := range []int{1, 10, 50} {
		b.Run(strconv.Itoa(batch), func(b *testing.B) {
			h := apptest.New(b)
			ctx := b.Context()
			_, err := h.App.Sites.Register(ctx, h.Request("site"), commands.RegisterSite{Code: "hq", Name: "hq", Zone: "Asia/Shanghai"})
			require.NoError(b, err)
			for kind, content := range map[policy.Kind]string{
				policy.KindTools:   `{"stores":[{"code":"main","name":"main"}],"kinds":[]}`,
				policy.KindKeeping: `{"stocktake_months":1,"climate":{"low_tenths_c":-150,"high_tenths_c":350,"humidity_percent":80},"checks":[],"places":[]}`,
			} {
				_, err = h.App.Policies.Record(ctx, h.Request(string(kind)), commands.RecordPolicy{
					Site: "hq", Kind: kind, EffectiveFrom: apptest.Start.Add(-time.Hour), Reason: "first", Content: []byte(content),
				})
				require.NoError(b, err)
			}
			for round := range b.N {
				reg, err := h.App.Stocktakes.Start(ctx, h.Request(fmt.Sprint("start", round)), commands.StartStocktake{
					Site: "hq", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"},
				}, list)
				require.NoError(b, err)
				began := time.Now()
				var g sync.WaitGroup
				for n := range scanners {
					g.Go(func() {
						for from := n * tools / scanners; from < (n+1)*tools/scanners; from += batch {
							r := h.Request(fmt.Sprint("scan", round, "/", from))
							r.Actor.Person = uuid.NewSHA1(uuid.Nil, []byte{byte(n)}).String()
							var in commands.ScanTools
							for k := from; k < min(from+batch, (n+1)*tools/scanners); k++ {
								in.Scans = append(in.Scans, commands.ScanTool{Number: list[k].Number, Condition: stocktake.Sound})
							}
							_, err := h.App.Stocktakes.Scan(ctx, r, reg.ID, in)
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				g.Wait()
				scanned := time.Since(began)
				began = began.Add(scanned)
				_, err = h.App.Stocktakes.Count(ctx, h.Request(fmt.Sprint("count", round)), reg.ID, nil, list)
				require.NoError(b, err)
				st, err := h.App.Stocktakes.Find(ctx, commands.Request{}, reg.ID)
				require.NoError(b, err)
				require.Equal(b, []any{tools, 0}, []any{st.Result.Found, len(st.Differences)})
				b.ReportMetric(tools/scanned.Seconds(), "scans/s")
				b.ReportMetric(time.Since(began).Seconds(), "s/result")
			}
		})
	}
}
