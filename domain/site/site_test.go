package site_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestRegisteringASite(t *testing.T) {
	t.Parallel()
	now := domain.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	mine := site.Registered{At: now, Code: "mine-1", Name: "Mine", Zone: "Asia/Shanghai"}
	decidertest.Run(t, site.Decide, site.Evolve, []decidertest.Case[site.Command, site.Event]{
		{Name: "POL-06 a site is registered", When: site.Register(mine), Then: []site.Event{mine}},
		{Name: "TKT-02 the same facts again change nothing", Given: []site.Event{mine}, When: site.Register{At: domain.At(now.Add(1)), Code: "mine-1", Name: "Mine", Zone: "Asia/Shanghai"}},
		{Name: "POL-06 another zone is refused", Given: []site.Event{mine}, When: site.Register{At: now, Code: "mine-1", Name: "Mine", Zone: "UTC"}, Refused: "POL-06"},
		{Name: "ORG-03 a zone is known", When: site.Register{At: now, Code: "m", Zone: "Mars"}, Invalid: "/zone"},
		{Name: "ORG-03 a zone is named", When: site.Register{At: now, Code: "m"}, Invalid: "/zone"},
		{Name: "POL-06 a code is not empty", When: site.Register{At: now, Zone: "UTC"}, Invalid: "/code"},
		{Name: "POL-06 a code is fit for a stream name", When: site.Register{At: now, Code: "a b", Zone: "UTC"}, Invalid: "/code"},
		{Name: "POL-06 a code is short", When: site.Register{At: now, Code: strings.Repeat("a", 41), Zone: "UTC"}, Invalid: "/code"},
		{Name: "AUD-01 a registration has a time", When: site.Register{Code: "m", Zone: "UTC"}, Invalid: "/at"},
	})
}
