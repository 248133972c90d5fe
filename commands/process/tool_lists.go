package process

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/recall"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// ToolQuery says which tools are meant; what is zero does not narrow.
type ToolQuery struct {
	Site  string // code
	ID    uuid.UUID
	Kind  string
	Batch string
	Usual bool // in store and not blocked, else all that are not scrapped
}

// FoundTool is a tool as of a number.
type FoundTool struct {
	ID     uuid.UUID
	Holder tool.Holder
}

// ToolsAsOf is the custody read model.
type ToolsAsOf interface {
	// ToolsAsOf returns the tools as of a log number, in the order of their
	// numbers, at most limit.
	ToolsAsOf(ctx context.Context, asOf int64, q ToolQuery, limit int) ([]FoundTool, error)
}

// mostTools is how many tools one recall may come to.
const mostTools = 50_000

// Recall takes every tool of a bad batch out of use, each by its own decision,
// and records what became of them (TOL-12). For one Runner.
type Recall struct {
	Tools    ToolsAsOf
	Commands *commands.Tools
	Recalls  *commands.Recalls
	last     toolList
}

// Name is "recall".
func (*Recall) Name() string { return "recall" }

// Inputs are the reports of quality trouble.
func (*Recall) Inputs() []string { return []string{"recall.reported.v1"} }

// React acts on every report at once.
func (*Recall) React(e eventschemas.Record) (time.Time, bool) {
	_, ok := e.Event.(recall.Reported)
	return e.Envelope.RecordedAt.Time, ok
}

// Steps are the tools, and after each hundred the record of what became of them.
func (m *Recall) Steps(ctx context.Context, t Task, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	l, err := m.list(ctx, t)
	return l.after(after, limit), err
}

func (m *Recall) list(ctx context.Context, t Task) (toolList, error) {
	if m.last.of == t.Event.ID {
		return m.last, nil
	}
	e := t.Event.Event.(recall.Reported)
	q := ToolQuery{Site: e.Site, Kind: e.Kind, Batch: e.Batch}
	if e.Tool != "" {
		q.ID = uuid.MustParse(e.Tool) // the report was held against its form
	}
	found, err := m.Tools.ToolsAsOf(ctx, t.AsOf, q, mostTools)
	if err != nil {
		return toolList{}, fmt.Errorf("find tools of a recall: %w", err)
	}
	all := make([]tool.Decision, len(found))
	for i, f := range found {
		all[i] = tool.Decision{Tool: f.ID.String(), Holder: f.Holder}
	}
	m.last = listOf(t, all)
	return m.last, nil
}

// Send takes one tool out of use, or records what became of a hundred.
func (m *Recall) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	l, err := m.list(ctx, t)
	if err != nil {
		return commands.Result{}, err
	}
	send := func(r commands.Request, d tool.Decision) (commands.Result, error) {
		return m.Commands.Block(ctx, r, uuid.MustParse(d.Tool), commands.BlockTool{Reason: tool.BlockQuality, Note: "recall " + t.Event.Stream})
	}
	return l.send(r, step, send, func(part int, of []tool.Decision) (commands.Result, error) {
		return m.Recalls.Record(ctx, r, uuid.MustParse(t.Event.Stream[len("fl.recall-"):]), part, of)
	})
}

// Annual offers the tools of an approved list, each by its own decision, and
// records what became of them (TOL-13). For one Runner.
type Annual struct {
	Tools    ToolsAsOf
	Commands *commands.Tools
	Issues   *commands.AnnualIssues
	last     toolList
	listed   annual.Listed // that last is of
}

// Name is "annual".
func (*Annual) Name() string { return "annual" }

// Inputs are the approvals of lists.
func (*Annual) Inputs() []string { return []string{"annual.approved.v1"} }

// React acts on every approval at once.
func (*Annual) React(e eventschemas.Record) (time.Time, bool) {
	_, ok := e.Event.(annual.Approved)
	return e.Envelope.RecordedAt.Time, ok
}

// Steps are the tools, and after each hundred the record of what became of them.
func (m *Annual) Steps(ctx context.Context, t Task, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	l, err := m.list(ctx, t)
	return l.after(after, limit), err
}

// list says which tool goes to whom: those that the list names, and of each
// kind those in store, the lowest numbers first.
func (m *Annual) list(ctx context.Context, t Task) (toolList, error) {
	if m.last.of == t.Event.ID {
		return m.last, nil
	}
	s, err := m.Issues.Of(ctx, t.Event.Stream)
	if err != nil {
		return toolList{}, fmt.Errorf("find annual issue: %w", err)
	}
	listed := s.Lists[t.Event.Event.(annual.Approved).List].Listed
	named := map[uuid.UUID]bool{}
	for _, row := range listed.Rows {
		if row.Tool != "" {
			named[uuid.MustParse(row.Tool)] = true
		}
	}
	left := map[string][]FoundTool{}
	var all []tool.Decision
	for i, row := range listed.Rows {
		if row.Tool != "" {
			all = append(all, tool.Decision{Row: i + 1, Tool: row.Tool, Holder: row.To})
			continue
		}
		if _, asked := left[row.Kind]; !asked {
			found, err := m.Tools.ToolsAsOf(ctx, t.AsOf, ToolQuery{Site: listed.Site, Kind: row.Kind, Usual: true}, annual.MostPieces+annual.MostRows)
			if err != nil {
				return toolList{}, fmt.Errorf("find tools of kind %s: %w", row.Kind, err)
			}
			left[row.Kind] = slices.DeleteFunc(found, func(f FoundTool) bool { return named[f.ID] })
		}
		for range row.Count {
			d := tool.Decision{Row: i + 1, Holder: row.To, Result: tool.NoneLeft}
			if free := left[row.Kind]; len(free) > 0 {
				d.Tool, d.Result, left[row.Kind] = free[0].ID.String(), "", free[1:]
			}
			all = append(all, d)
		}
	}
	m.last, m.listed = listOf(t, all), listed
	return m.last, nil
}

// Send offers one tool, or records what became of a hundred.
func (m *Annual) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	l, err := m.list(ctx, t)
	if err != nil {
		return commands.Result{}, err
	}
	approved := t.Event.Event.(annual.Approved)
	send := func(r commands.Request, d tool.Decision) (commands.Result, error) {
		return m.Commands.IssueListed(ctx, r, uuid.MustParse(d.Tool), d.Holder, approved.By)
	}
	return l.send(r, step, send, func(part int, of []tool.Decision) (commands.Result, error) {
		return m.Issues.Record(ctx, r, m.listed.Site, m.listed.Year, annual.Decided{List: m.listed.List, Part: part, Decisions: of})
	})
}

// toolList is a list of tools of a task, and the steps that it comes to: the
// tools, each by its id, and after each hundred a numbered one.
type toolList struct {
	of    uuid.UUID // event
	all   []tool.Decision
	steps []uuid.UUID
}

func listOf(t Task, all []tool.Decision) toolList {
	l := toolList{of: t.Event.ID, all: all}
	part := 0
	for chunk := range slices.Chunk(all, tool.DecisionsEach) {
		for _, d := range chunk {
			if d.Tool != "" {
				l.steps = append(l.steps, uuid.MustParse(d.Tool))
			}
		}
		part++
		l.steps = append(l.steps, numbered(part))
	}
	return l
}

// numbered is the step of a task that is about the input's own stream.
func numbered(n int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint32(id[12:], uint32(n)) //nolint:gosec // parts are few
	return id
}

// partOf returns the number of a numbered step; false for one of a tool.
func partOf(step uuid.UUID) (int, bool) {
	n := int(binary.BigEndian.Uint32(step[12:]))
	return n, step == numbered(n)
}

// after returns the steps after one, at most limit.
func (l toolList) after(step uuid.UUID, limit int) []uuid.UUID {
	rest := l.steps[slices.Index(l.steps, step)+1:]
	return rest[:min(limit, len(rest))]
}

// send sends the command of a tool; for a part it sends those of its tools
// again, which answer what they answered, and records that.
func (l toolList) send(r commands.Request, step uuid.UUID, send func(commands.Request, tool.Decision) (commands.Result, error),
	record func(part int, of []tool.Decision) (commands.Result, error),
) (commands.Result, error) {
	ofTool := func(d tool.Decision) commands.Request {
		one := r
		one.Key = l.of.String() + "/" + d.Tool
		return one
	}
	part, ok := partOf(step)
	if !ok {
		i := slices.IndexFunc(l.all, func(d tool.Decision) bool { return d.Tool == step.String() })
		return send(ofTool(l.all[i]), l.all[i])
	}
	from := (part - 1) * tool.DecisionsEach
	of := slices.Clone(l.all[from:min(from+tool.DecisionsEach, len(l.all))])
	for i, d := range of {
		if d.Tool == "" {
			continue
		}
		res, err := send(ofTool(d), d)
		if of[i], err = commands.DecisionOf(d, res, err); err != nil {
			return res, err
		}
	}
	return record(part, of)
}
