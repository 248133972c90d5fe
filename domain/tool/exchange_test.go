package tool_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var swap, other = uuid.UUID{1}, uuid.UUID{2}

func TestKeepingForAnExchange(t *testing.T) {
	t.Parallel()
	stored := []tool.Event{registered("wrench", main)}
	issued := []tool.Event{registered("wrench", ofLi)}
	keptOld := since(issued, tool.Kept{At: at(2), Exchange: swap, Part: tool.PartOld})
	keptNew := since(stored, tool.Kept{At: at(2), Exchange: swap, Part: tool.PartNew})
	keep := func(part tool.Part) tool.Keep {
		return tool.Keep{At: at(2), Today: today, Exchange: swap, Part: part, Holder: ofLi, Book: free}
	}
	moved := since(keptOld, tool.Exchanged{At: at(3), Exchange: swap, Part: tool.PartOld, From: ofLi, Holder: main})
	repaired := since(moved, tool.SentToRepair{At: at(4), Holder: tool.Holder{Kind: tool.Repairer, Who: "R1"}},
		tool.Returned{At: at(5), From: tool.Holder{Kind: tool.Repairer, Who: "R1"}, Store: "main", Condition: tool.Worn})
	type given = []tool.Event
	cases := []decidertest.Case[tool.Command, tool.Event]{
		{Name: "EXC-06 the old tool is kept with who has it", Given: issued, When: keep(tool.PartOld), Then: given{tool.Kept{At: at(2), Exchange: swap, Part: tool.PartOld}}},
		{Name: "EXC-06 the replacement is kept in store", Given: stored, When: keep(tool.PartNew), Then: given{tool.Kept{At: at(2), Exchange: swap, Part: tool.PartNew}}},
		{Name: "TKT-02 a tool that is kept stays so", Given: keptOld, When: keep(tool.PartOld)},
		{Name: "EXC-06 not by two exchanges", Given: keptOld, When: tool.Keep{At: at(3), Exchange: other, Part: tool.PartOld, Holder: ofLi, Book: free}, Refused: "EXC-06", Key: "tool.kept"},
		{Name: "EXC-06 not from somebody else", Given: []tool.Event{registered("wrench", ofWang)}, When: keep(tool.PartOld), Refused: "EXC-06", Key: "tool.held_by"},
		{Name: "EXC-06 not out of the store as the old one", Given: stored, When: keep(tool.PartOld), Refused: "EXC-06", Key: "tool.held_by"},
		{Name: "TOL-14 not what somebody has as the new one", Given: issued, When: keep(tool.PartNew), Refused: "TOL-14"},
		{Name: "TOL-18 no replacement that is blocked", Given: since(stored, tool.Blocked{At: at(1), Reason: tool.BlockFault}), When: keep(tool.PartNew), Refused: "TOL-18"},
		{Name: "INS-02 no replacement past its inspection", Given: []tool.Event{registered("gloves", main)}, When: keep(tool.PartNew), Refused: "INS-02"},
		{Name: "TOL-10 no replacement that is only lent", Given: []tool.Event{registered("press", main)}, When: keep(tool.PartNew), Refused: "TOL-10"},
		{Name: "EXC-05 no replacement that was surrendered", Given: moved, When: tool.Keep{At: at(4), Today: today, Exchange: other, Part: tool.PartNew, Holder: ofWang, Book: free}, Refused: "EXC-05"},
		{Name: "AUD-01 not before its last fact", Given: since(issued, tool.Blocked{At: at(5), Reason: tool.BlockFault}), When: keep(tool.PartOld), Refused: "AUD-01"},
		{Name: "EXC-06 an exchange has an id", Given: issued, When: tool.Keep{At: at(2), Part: tool.PartOld, Holder: ofLi, Book: free}, Invalid: "/exchange"},
		{Name: "EXC-06 a part is old or new", Given: issued, When: keep("spare"), Invalid: "/part"},
		{Name: "TOL-03 a replacement is for a person or team", Given: stored, When: tool.Keep{At: at(2), Today: today, Exchange: swap, Part: tool.PartNew, Holder: main, Book: free}, Invalid: "/to/kind"},

		{Name: "EXC-06 what is kept may be blocked", Given: keptOld, When: tool.Block{At: at(9), Reason: tool.BlockFault}, Then: given{tool.Blocked{At: at(9), Reason: tool.BlockFault}}},
		{Name: "EXC-06 what is kept is released where it is", Given: keptOld, When: tool.Release{At: at(3), Exchange: swap}, Then: given{tool.Released{At: at(3), Exchange: swap}}},
		{Name: "TKT-02 another exchange releases nothing", Given: keptOld, When: tool.Release{At: at(3), Exchange: other}},
		{
			Name: "EXC-06 a completed exchange is entered with its time, though a mark is later", Given: since(keptOld, tool.Blocked{At: at(9), Reason: tool.BlockFault}),
			When: tool.Settle{At: at(3), Exchange: swap, Holder: main},
			Then: given{tool.Exchanged{At: at(3), Exchange: swap, Part: tool.PartOld, From: ofLi, Holder: main}},
		},
		{
			Name: "EXC-06 the new one goes to the keeper", Given: keptNew, When: tool.Settle{At: at(3), Exchange: swap, Holder: ofLi},
			Then: given{tool.Exchanged{At: at(3), Exchange: swap, Part: tool.PartNew, From: main, Holder: ofLi}},
		},
		{Name: "EXC-06 only what is kept is settled", Given: issued, When: tool.Settle{At: at(3), Exchange: swap, Holder: main}, Refused: "EXC-06", Key: "tool.not_kept"},
		{Name: "EXC-06 the old one goes to a store", Given: keptOld, When: tool.Settle{At: at(3), Exchange: swap, Holder: ofWang}, Invalid: "/holder"},
		{Name: "EXC-06 the new one to a person or team", Given: keptNew, When: tool.Settle{At: at(3), Exchange: swap, Holder: main}, Invalid: "/holder"},

		{Name: "EXC-05 a surrendered tool is not issued", Given: moved, When: tool.Issue{At: at(4), Today: today, To: ofWang, Book: free}, Refused: "EXC-05"},
		{Name: "EXC-05 nor lent", Given: moved, When: tool.Lend{At: at(4), Today: today, To: ofWang, Until: at(9), Purpose: "p", Responsible: li, Book: free}, Refused: "EXC-05"},
		{
			Name: "EXC-05 it goes to repair", Given: moved, When: tool.SendToRepair{At: at(4), Repairer: "R1"},
			Then: given{tool.SentToRepair{At: at(4), Holder: tool.Holder{Kind: tool.Repairer, Who: "R1"}}},
		},
		{
			Name: "EXC-05 or to scrap", Given: moved, When: tool.Scrap{At: at(4), Reason: "worn", Keeper: li, ApprovedBy: boss},
			Then: given{tool.Scrapped{At: at(4), Reason: "worn", Keeper: li, ApprovedBy: boss}},
		},
		{
			Name: "EXC-05 repaired, it may be issued again", Given: repaired, When: tool.Issue{At: at(6), Today: today, To: ofWang, Book: free},
			Then: given{tool.Issued{At: at(6), To: ofWang, Policy: ref}},
		},
		{
			Name: "EXC-02 what can be repaired goes from its keeper to the repairer", Given: issued, When: tool.SendToRepair{At: at(4), Repairer: "R1", From: &ofLi},
			Then: given{tool.SentToRepair{At: at(4), Holder: tool.Holder{Kind: tool.Repairer, Who: "R1"}}},
		},
		{Name: "EXC-02 but not from somebody else", Given: issued, When: tool.SendToRepair{At: at(4), Repairer: "R1", From: &ofWang}, Refused: "TOL-14"},
	}
	for _, c := range []tool.Command{
		tool.Issue{At: at(3), Today: today, To: ofWang, Book: free},
		tool.Accept{At: at(3), By: li, Book: free},
		tool.Refuse{At: at(3), By: li, Reason: "r"},
		tool.Lend{At: at(3), Today: today, To: ofWang, Until: at(9), Purpose: "p", Responsible: li, Book: free},
		tool.Return{At: at(3), Store: "main", By: li, Condition: tool.Worn, Book: free},
		tool.HandOver{At: at(3), Today: today, To: ofWang, By: wang, Book: free},
		tool.SendToRepair{At: at(3), Repairer: "R1", From: &ofLi},
		tool.ReportMissing{At: at(3), LostAt: at(2), Place: "sump", By: li},
		tool.Find{At: at(3), Store: "main", Book: free},
		tool.Scrap{At: at(3), Reason: "worn", Keeper: li, ApprovedBy: boss},
	} {
		for name, before := range map[string][]tool.Event{"old": keptOld, "new": keptNew} {
			cases = append(cases, decidertest.Case[tool.Command, tool.Event]{
				Name: "EXC-06 nothing moves the " + name + " tool that is kept", Given: before, When: c, Refused: "EXC-06", Key: "tool.kept",
			})
		}
	}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases)
}
