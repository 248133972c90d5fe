package stocktake_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// sheet is a count as somebody with a pencil keeps it: what was last said of
// each number, and who signed which sheet.
type sheet struct {
	phase   string // scanning, over, counted, closed
	round   int
	asked   map[string]int             // in which round a number was asked for again
	sound   map[string]map[string]bool // by number and scanner-less key "r": seen in a round that counts
	broken  map[string]bool
	signers map[stocktake.Signer]string
	result  int // how many results there were
}

func (p *sheet) look(number string, round int, broken bool) {
	if p.sound[number] == nil {
		p.sound[number] = map[string]bool{}
	}
	p.sound[number][strconv.Itoa(round)] = true
	if broken {
		p.broken[number+"/"+strconv.Itoa(round)] = true
	}
}

// seen says whether a number was seen since it was asked for, and whether broken.
func (p *sheet) seen(number string) (there, broken bool) {
	for r := max(1, p.asked[number]); r <= p.round; r++ {
		there = there || p.sound[number][strconv.Itoa(r)]
		broken = broken || p.broken[number+"/"+strconv.Itoa(r)]
	}
	return there, broken
}

// kind is what the sheet says of a number, "" for nothing.
func (p *sheet) kind(number string, listed bool, holder tool.Holder, known bool) string {
	there, broken := p.seen(number)
	here := holder == ours
	switch {
	case listed && !there && !here:
		return "moved"
	case listed && !there:
		return "missing"
	case listed && broken:
		return "damaged"
	case listed, !there:
		return ""
	case !known:
		return "unknown"
	case here && broken:
		return "damaged"
	case here:
		return "moved"
	}
	return "unexpected"
}

func TestCHK01ACountIsWhatAPencilWouldSay(t *testing.T) {
	t.Parallel()
	const walks, steps = 1000, 100
	r := rand.New(rand.NewPCG(7, 1))
	results, closed, refused := 0, 0, 0
	for range walks {
		s := stocktake.State{}
		listed := map[string]bool{}
		var list []stocktake.Expected
		for n := range 6 {
			number := fmt.Sprintf("W-%d", n)
			listed[number] = true
			list = append(list, stocktake.Expected{Tool: id(byte(n)), Number: number, Holder: ours})
		}
		s = stocktake.Evolve(stocktake.Evolve(s, started(len(list))), stocktake.Listed{Tools: list})
		holders := map[string]tool.Holder{} // of W-0 to W-7; W-8 and W-9 are no tools
		for n := range 8 {
			holders[fmt.Sprintf("W-%d", n)] = ours
			if n > 5 {
				holders[fmt.Sprintf("W-%d", n)] = byLi
			}
		}
		p := &sheet{phase: "scanning", round: 1, asked: map[string]int{}, sound: map[string]map[string]bool{}, broken: map[string]bool{}, signers: map[stocktake.Signer]string{}}
		var scans []stocktake.Counting
		do := func(c stocktake.Command, allowed bool) bool {
			events, err := stocktake.Decide(s, c)
			require.Equal(t, allowed, err == nil, "%T %+v in %+v: %v", c, c, p, err)
			if err != nil {
				refused++
			}
			for _, e := range events {
				s = stocktake.Evolve(s, e)
			}
			return err == nil && len(events) > 0
		}
		for range steps {
			number := fmt.Sprintf("W-%d", r.IntN(10))
			who := []string{li, wang, zhao}[r.IntN(3)]
			switch r.IntN(8) {
			case 0, 1, 2: // a scan, which the session's own stream takes while it is open
				if p.phase == "scanning" {
					part := s.Current(who)
					if part == 0 {
						part = 1
						for _, x := range s.Sessions {
							if x.Scanner == who {
								part = x.Part + 1
							}
						}
						do(stocktake.Join{At: nine, Scanner: who, Part: part}, true)
					}
					condition := []stocktake.Condition{stocktake.Sound, stocktake.Sound, stocktake.Broken}[r.IntN(3)]
					scans = append(scans, saw(who, number, condition, p.round))
					p.look(number, p.round, condition == stocktake.Broken)
				} else {
					do(stocktake.Join{At: nine, Scanner: who, Part: 99}, false)
				}
			case 3: // the ledger goes on meanwhile
				if _, exists := holders[number]; exists {
					holders[number] = []tool.Holder{ours, byLi}[r.IntN(2)]
				}
			case 4:
				if do(stocktake.EndCounting{At: later, By: who}, p.phase == "scanning" || p.phase == "over") {
					p.phase = "over"
				}
			case 5:
				c := stocktake.Count{At: later, AsOf: 9, Sessions: s.Sessions, Scans: scans}
				for n, h := range holders {
					c.Known = append(c.Known, stocktake.Known{Tool: id(n[2]), Number: n, Holder: h, Home: "main"})
				}
				if do(c, p.phase == "over") {
					results++
					p.phase, p.result = "counted", p.result+1
					p.signers = map[stocktake.Signer]string{}
					said := map[string]string{}
					for _, d := range s.Differences {
						said[d.Number] = string(d.Kind)
					}
					for n := range 10 {
						number := fmt.Sprintf("W-%d", n)
						h, known := holders[number]
						require.Equal(t, p.kind(number, listed[number], h, known), said[number], "%s %+v", number, p)
					}
					x := s.Result
					require.Equal(t, len(s.Differences), x.Missing+x.Unexpected+x.Damaged+x.Moved+x.Unknown)
				}
			case 6:
				as := []stocktake.Signer{stocktake.Storekeeper, stocktake.Manager}[r.IntN(2)]
				other := p.signers[stocktake.Storekeeper]
				if as == stocktake.Storekeeper {
					other = p.signers[stocktake.Manager]
				}
				again := p.signers[as] == who && p.result > 0
				allowed := again || p.phase == "counted" && p.signers[as] == "" && other != who
				if do(stocktake.Sign{At: later, By: who, As: as, Digest: s.Result.Digest}, allowed) {
					if p.signers[as] = who; len(p.signers) == 2 {
						require.Equal(t, stocktake.Done, s.Phase)
						require.NotEqual(t, p.signers[stocktake.Storekeeper], p.signers[stocktake.Manager])
						p.phase = "closed"
						closed++
					}
				}
			case 7:
				if do(stocktake.Recount{At: later, By: who, Numbers: []string{number}, Reason: "dark"}, p.phase == "counted") {
					p.phase, p.round = "scanning", p.round+1
					p.asked[number] = p.round
				}
			}
		}
	}
	require.Greater(t, results, walks)
	require.Greater(t, closed, walks/10)
	require.Greater(t, refused, walks)
}
