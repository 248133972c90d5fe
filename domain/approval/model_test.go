package approval_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// office is one approval, the streams of the tools that it may be used for, and
// commands between their claim and their append: what a storekeeper would see.
type office struct {
	t       *testing.T
	r       *rand.Rand
	now     time.Time
	state   approval.State
	streams map[uuid.UUID][]uuid.UUID // of a tool: commands of its events
	waiting []approval.Claim          // claimed, not stored yet
	landed  []approval.Claim
	givers  []string
	ended   bool // refused or withdrawn
	next    byte
	count   map[string]int
}

var people = []string{li, wang, keeper, boss, gm}

func (o *office) person() string { return people[o.r.IntN(len(people))] }

func (o *office) decide(c approval.Command) []approval.Event {
	events, err := approval.Decide(o.state, c)
	if err != nil {
		_, rule := errors.AsType[*domain.RuleError](err)
		_, invalid := errors.AsType[*domain.InvalidError](err)
		require.True(o.t, rule || invalid, "%T: %v", c, err)
		o.count["refused"]++
	}
	for _, e := range events {
		o.state = approval.Evolve(o.state, e)
	}
	return events
}

// void tells which uses came to nothing, as the streams say.
func (o *office) void() []uuid.UUID {
	var out []uuid.UUID
	for _, u := range o.state.Uses {
		commands := o.streams[*u.Tool]
		if int64(len(commands))-1 > u.Revision && !slices.Contains(commands, u.Command) {
			out = append(out, u.Command)
		}
	}
	return out
}

func (o *office) claim() {
	of := []uuid.UUID{w1, w2}[o.r.IntN(2)]
	o.next++
	by, to := o.person(), []tool.Holder{ofLi, ofLi, ofWang}[o.r.IntN(3)]
	c := approval.Claim{
		At: domain.At(o.now), Site: "mine", Act: approval.Issue, Kind: "wrench", To: to, Parties: []string{by, to.Who}, Void: o.void(),
		Use: approval.Use{Command: uuid.UUID{1: o.next, 2: byte(o.r.IntN(256)), 3: byte(o.r.IntN(256))}, Stream: "fl.tool-" + of.String(), Revision: int64(len(o.streams[of])) - 1, Tool: &of, By: by, At: domain.At(o.now)},
	}
	if len(o.waiting) > 0 && o.r.IntN(4) == 0 { // one that tries again, after a conflict
		c.Use.Command, c.To, c.Parties = o.waiting[0].Use.Command, o.waiting[0].To, o.waiting[0].Parties
		*c.Use.Tool = *o.waiting[0].Use.Tool
		c.Use.Stream, c.Use.Revision = "fl.tool-"+c.Use.Tool.String(), int64(len(o.streams[*c.Use.Tool]))-1
		if slices.Contains(o.streams[*c.Use.Tool], c.Use.Command) {
			return // its own stream knows it
		}
	}
	if len(o.decide(c)) == 0 {
		return
	}
	require.False(o.t, o.ended, "TOL-16 what is ended is not used")
	require.NotEmpty(o.t, o.givers)
	for _, g := range o.givers {
		require.NotContains(o.t, c.Parties, g, "TOL-16 nobody for oneself")
	}
	require.Equal(o.t, *o.state.Asked.Covers.To, c.To)
	require.False(o.t, !o.state.Until.IsZero() && o.now.After(o.state.Until.Time), "POL-10")
	o.waiting = append(o.waiting, c)
	o.count["claimed"]++
}

// land stores what was claimed, at just the revision at which that was.
func (o *office) land() {
	if len(o.waiting) == 0 {
		return
	}
	n := o.r.IntN(len(o.waiting))
	c := o.waiting[n]
	o.waiting = slices.Delete(o.waiting, n, n+1)
	of := *c.Use.Tool
	if int64(len(o.streams[of]))-1 != c.Use.Revision || slices.Contains(o.streams[of], c.Use.Command) {
		o.count["conflict"]++
		return
	}
	o.streams[of] = append(o.streams[of], c.Use.Command)
	o.landed = append(o.landed, c)
	o.count["landed"]++
	require.LessOrEqual(o.t, len(o.landed), o.state.Asked.Covers.Pieces, "TOL-16 no more than it says")
	if len(o.state.Asked.Covers.Tools) > 0 {
		once := slices.IndexFunc(o.landed, func(l approval.Claim) bool { return *l.Use.Tool == of })
		require.Equal(o.t, len(o.landed)-1, once, "TOL-05 each tool of the list once")
	}
}

func (o *office) step() {
	o.now = o.now.Add(time.Minute)
	at := domain.At(o.now)
	roles := [][]string{{"manager"}, {"manager"}, {"gm"}, {"storekeeper"}}[o.r.IntN(4)]
	by := approval.Signer{Person: o.person(), Roles: roles}
	switch o.r.IntN(12) {
	case 0, 1:
		for _, e := range o.decide(approval.Give{At: at, By: by}) {
			g := e.(approval.Given)
			require.NotEqual(o.t, li, g.Signed.By, "TOL-16 who gets it does not give it")
			require.NotEqual(o.t, o.state.Asked.By, g.Signed.By)
			require.NotContains(o.t, o.givers, g.Signed.By, "two roles are two persons")
			require.Contains(o.t, roles, g.Signed.Role)
			o.givers = append(o.givers, g.Signed.By)
			o.count["given"]++
		}
	case 2:
		if o.r.IntN(4) == 0 {
			o.ended = o.ended || len(o.decide(approval.Refuse{At: at, By: by, Reason: "r"})) > 0
		}
	case 3:
		if o.r.IntN(4) == 0 && len(o.decide(approval.Withdraw{At: at, By: by.Person, Reason: "r", Void: o.void()})) > 0 {
			require.True(o.t, by.Person == o.state.Asked.By || slices.Contains(o.givers, by.Person))
			o.ended = true
			o.count["withdrawn"]++
		}
	case 4: // somebody else moves a tool
		of := []uuid.UUID{w1, w2}[o.r.IntN(2)]
		o.streams[of] = append(o.streams[of], uuid.UUID{15: 200})
	case 5, 6, 7, 8:
		o.claim()
	default:
		o.land()
	}
}

func TestTOL16NoApprovalIsEverUsedTwiceOrByWhomItIsNotFor(t *testing.T) {
	t.Parallel()
	const steps = 100_000
	count := map[string]int{}
	r := rand.New(rand.NewPCG(27, 16))
	var o *office
	for n := range steps {
		if n%60 == 0 {
			o = &office{t: t, r: r, now: start, streams: map[uuid.UUID][]uuid.UUID{w1: {{15: 100}}, w2: {{15: 100}}}, count: count}
			covers := []approval.Covers{
				{Act: approval.Issue, Tools: []uuid.UUID{w1}, To: &ofLi},
				{Act: approval.Issue, Tools: []uuid.UUID{w1, w2}, To: &ofLi},
				{Act: approval.Issue, Kind: "wrench", Pieces: 1 + r.IntN(3), To: &ofLi},
			}[r.IntN(3)]
			lines := [][]policy.Signatures{nil, {{Act: "issue", Needs: []string{"manager", "gm"}}}, {{Act: "issue", Needs: []string{"manager"}, Hours: 1}}}[r.IntN(3)]
			o.decide(approval.Request{At: at(0), Site: "mine", By: []string{keeper, li}[r.IntN(2)], Reason: "r", Covers: covers, Book: book(lines...)})
		}
		o.step()
	}
	t.Log(count)
	for _, what := range []string{"given", "claimed", "landed", "conflict", "withdrawn", "refused"} {
		require.Greater(t, count[what], 100, what)
	}
}
