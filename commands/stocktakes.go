package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/stocktake"
)

func stocktakeDecider() Decider[stocktake.State, stocktake.Command, stocktake.Event] {
	return Decider[stocktake.State, stocktake.Command, stocktake.Event]{
		Name: "stocktake", Version: "stocktake/1", Decide: stocktake.Decide,
		Evolve: func(s stocktake.State, _ uint64, e stocktake.Event) stocktake.State { return stocktake.Evolve(s, e) },
	}
}

func sessionDecider() Decider[stocktake.SessionState, stocktake.SessionCommand, stocktake.SessionEvent] {
	return Decider[stocktake.SessionState, stocktake.SessionCommand, stocktake.SessionEvent]{
		Name: "stocktake_session", Version: "stocktake_session/1", Decide: stocktake.DecideSession,
		Evolve: func(s stocktake.SessionState, _ uint64, e stocktake.SessionEvent) stocktake.SessionState {
			return stocktake.EvolveSession(s, e)
		},
	}
}

// Ledger is custody as a count asks for it. The read side answers it.
type Ledger interface {
	// Head returns the log number as of which custody is known now, once it has
	// seen a revision of a stream; stream "" for any.
	Head(ctx context.Context, stream string, revision int64) (int64, error)
	// Expected returns the tools of a scope as of a log number, by number: the
	// same list whenever it is asked.
	Expected(ctx context.Context, site string, scope stocktake.Scope, asOf int64) ([]stocktake.Expected, error)
	// Known returns the tools of a site with some of the numbers as of a log number.
	Known(ctx context.Context, site string, numbers []string, asOf int64) ([]stocktake.Known, error)
	// Elsewhere returns by number the codes of the other sites, sorted, that have
	// a tool with it as of a log number; nothing of a number that none has.
	Elsewhere(ctx context.Context, site string, numbers []string, asOf int64) (map[string][]string, error)
}

// Stocktakes are the use cases of counting tools (CHK-01). Errors are those of
// Execute and ErrNotFound. Who counts and who signs is the actor.
type Stocktakes struct {
	*useCases
	policies *Policies
	sites    *Sites
}

// StartStocktake begins a count.
type StartStocktake struct {
	Site  string          `json:"site"` // code
	At    *time.Time      `json:"at"`
	Scope stocktake.Scope `json:"scope"`
}

// Start freezes the list of what is to be there as of the log's number now, in
// parts; a start that broke off goes on when it is sent again.
func (s *Stocktakes) Start(ctx context.Context, r Request, in StartStocktake, ledger Ledger) (Registered, error) {
	call, err := s.call(r, "stocktake.start", "", in.At, in)
	if err != nil {
		return Registered{}, err
	}
	if !r.sees(in.Site) {
		return Registered{}, ErrNotFound
	}
	call.Site = in.Site
	id := s.IDs.Aggregate("stocktake", call.ID)
	res, err := Execute(ctx, s.x, stocktakeDecider(), StreamOf("stocktake", id), Step[stocktake.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (stocktake.Command, error) { return s.start(ctx, call, in, ledger) },
	})
	if err != nil {
		return Registered{}, err
	}
	res.Revision, err = s.list(ctx, call, id, ledger)
	return Registered{Result: res, ID: id}, err
}

func (s *Stocktakes) start(ctx context.Context, call Call, in StartStocktake, ledger Ledger) (stocktake.Command, error) {
	today, err := s.sites.today(ctx, in.Site, call.OccurredAt)
	if err != nil {
		return nil, err
	}
	book, err := s.policies.Book(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	c := stocktake.Start{
		At: call.OccurredAt, Today: today, Site: in.Site, Scope: in.Scope, By: call.Actor.Person, Book: book,
	}
	if _, err := stocktake.Decide(stocktake.State{}, c); err != nil { // before anybody is asked for a list
		return nil, err
	}
	if c.AsOf, err = ledger.Head(ctx, "", 0); err != nil {
		return nil, fmt.Errorf("find number to freeze the list at: %w", err)
	}
	list, err := ledger.Expected(ctx, in.Site, in.Scope, c.AsOf)
	c.Expected = len(list)
	return c, err
}

// list completes the frozen list and returns the revision of its last part.
func (s *Stocktakes) list(ctx context.Context, call Call, id uuid.UUID, ledger Ledger) (int64, error) {
	st, err := Current(ctx, s.x, stocktakeDecider(), StreamOf("stocktake", id))
	if err != nil {
		return 0, err
	}
	last := int64((st.Total + stocktake.ListLimit - 1) / stocktake.ListLimit)
	if st.Phase != stocktake.Listing {
		return last, nil
	}
	tools, err := ledger.Expected(ctx, st.Site, st.Scope, st.AsOf)
	if err != nil {
		return 0, fmt.Errorf("list tools as of %d: %w", st.AsOf, err)
	}
	for part := st.Parts; part*stocktake.ListLimit < len(tools); part++ {
		c := stocktake.List{At: call.OccurredAt, Part: part, Tools: tools[part*stocktake.ListLimit : min((part+1)*stocktake.ListLimit, len(tools))]}
		if _, err := Execute(ctx, s.x, stocktakeDecider(), StreamOf("stocktake", id), Given[stocktake.Command](sub(call, "stocktake.list", strconv.Itoa(part)), c)); err != nil {
			return 0, fmt.Errorf("list part %d: %w", part, err)
		}
	}
	return last, nil
}

// sub is a call that a use case makes on behalf of another, with an id of its own.
func sub(call Call, operation, key string) Call {
	call.ID = uuid.NewSHA1(call.ID, []byte(operation+"/"+key))
	call.Type, call.Expected = operation, nil
	return call
}

// Find returns a count as it is now; ErrNotFound if there is none or the caller may not see it.
func (s *Stocktakes) Find(ctx context.Context, r Request, id uuid.UUID) (stocktake.State, error) {
	st, err := Current(ctx, s.x, stocktakeDecider(), StreamOf("stocktake", id))
	if err == nil && (st.Phase == "" || !r.sees(st.Site)) {
		err = ErrNotFound
	}
	return st, err
}

// ScanTools is what one person found, many tools at once.
type ScanTools struct {
	Scans []ScanTool `json:"scans"`
}

// ScanTool is one look at one tool.
type ScanTool struct {
	At        *time.Time          `json:"at"`
	Number    string              `json:"number"`
	Condition stocktake.Condition `json:"condition"`
	Place     string              `json:"place"` // no personal data
}

// Scan adds what the actor found, in the actor's own stream; a stream that is
// full is continued by the next one.
func (s *Stocktakes) Scan(ctx context.Context, r Request, id uuid.UUID, in ScanTools) (Result, error) {
	call, err := s.call(r, "stocktake.scan", id.String(), nil, in)
	if err != nil {
		return Result{}, err
	}
	st, err := s.Find(ctx, r, id)
	if err != nil {
		return Result{}, err
	}
	call.Site = st.Site
	part, round, err := s.session(ctx, call, id, st)
	if err != nil {
		return Result{}, err
	}
	c := stocktake.ScanTools{Stocktake: id, Scanner: r.Actor.Person, Part: part, Round: round}
	for _, n := range in.Scans {
		at := call.OccurredAt
		if n.At != nil {
			if at = domain.At(*n.At); at.After(call.OccurredAt.Add(maxAhead)) {
				return Result{}, domain.Invalid("/at", "AUD-01", "time.in_future")
			}
		}
		c.Scans = append(c.Scans, stocktake.Scan{At: at, Number: n.Number, Condition: n.Condition, Place: n.Place})
	}
	return Execute(ctx, s.x, sessionDecider(), sessionStream(id, r.Actor.Person, part), Given[stocktake.SessionCommand](call, c))
}

func sessionStream(id uuid.UUID, scanner string, part int) string {
	return fmt.Sprintf("fl.stocktake-%s-%s-%d", id, scanner, part)
}

// session finds the part that has the call already, else the one to scan into,
// which it opens where there is none or the newest is full.
func (s *Stocktakes) session(ctx context.Context, call Call, id uuid.UUID, st stocktake.State) (part, round int, err error) {
	scanner := call.Actor.Person
	last := 0
	for _, x := range st.Sessions {
		if x.Scanner != scanner {
			continue
		}
		f, err := currentFold(ctx, s.x, sessionDecider(), sessionStream(id, scanner, x.Part))
		if err != nil {
			return 0, 0, err
		}
		if _, had := f.commands[call.ID]; had {
			return x.Part, x.Round, nil
		}
		if last = x.Part; x.Round == st.Round && st.Phase == stocktake.Scanning && !f.state.Full() {
			return x.Part, x.Round, nil
		}
	}
	_, err = Execute(ctx, s.x, stocktakeDecider(), StreamOf("stocktake", id), Given[stocktake.Command](
		sub(call, "stocktake.join", strconv.Itoa(last+1)), stocktake.Join{At: call.OccurredAt, Scanner: scanner, Part: last + 1}))
	return last + 1, st.Round, err
}

// Count ends a round: the scanners' streams are closed one by one, and what
// they hold is compared with the list. Broken off, it goes on when it is sent again.
func (s *Stocktakes) Count(ctx context.Context, r Request, id uuid.UUID, at *time.Time, ledger Ledger) (Result, error) {
	call, err := s.call(r, "stocktake.count", id.String(), at, timed{at})
	if err != nil {
		return Result{}, err
	}
	st, err := s.Find(ctx, r, id)
	if err != nil {
		return Result{}, err
	}
	stream := StreamOf("stocktake", id)
	call.Site = st.Site
	revision := int64(0)
	if st.Phase == stocktake.Scanning {
		res, err := Execute(ctx, s.x, stocktakeDecider(), stream, Given[stocktake.Command](
			sub(call, "stocktake.end_counting", strconv.Itoa(st.Round)), stocktake.EndCounting{At: call.OccurredAt, By: r.Actor.Person}))
		if err != nil {
			return Result{}, err
		}
		revision = res.Revision
	}
	return Execute(ctx, s.x, stocktakeDecider(), stream, Step[stocktake.Command]{
		Call: call,
		Make: func(ctx context.Context, _ Stream) (stocktake.Command, error) {
			return s.count(ctx, call, id, revision, ledger)
		},
	})
}

func (s *Stocktakes) count(ctx context.Context, call Call, id uuid.UUID, revision int64, ledger Ledger) (stocktake.Command, error) {
	st, err := Current(ctx, s.x, stocktakeDecider(), StreamOf("stocktake", id))
	if err != nil {
		return nil, err
	}
	c := stocktake.Count{At: call.OccurredAt}
	if st.Phase != stocktake.Ended {
		return c, nil // refused as it is
	}
	for _, x := range st.Sessions {
		stream := sessionStream(id, x.Scanner, x.Part)
		key := fmt.Sprintf("%s/%d", x.Scanner, x.Part)
		if _, err := Execute(ctx, s.x, sessionDecider(), stream, Given[stocktake.SessionCommand](
			sub(call, "stocktake.close_session", key), stocktake.CloseSession{At: call.OccurredAt, Stocktake: id})); err != nil {
			return nil, fmt.Errorf("close session %s: %w", key, err)
		}
		session, err := Current(ctx, s.x, sessionDecider(), stream)
		if err != nil {
			return nil, err
		}
		x.Scans = len(session.Scans)
		c.Sessions, c.Scans = append(c.Sessions, x), append(c.Scans, session.Scans...)
	}
	if c.AsOf, err = ledger.Head(ctx, StreamOf("stocktake", id), revision); err != nil {
		return nil, fmt.Errorf("find number to compare as of: %w", err)
	}
	numbers := st.InQuestion(c.Scans)
	if c.Known, err = ledger.Known(ctx, st.Site, numbers, c.AsOf); err != nil {
		return nil, err
	}
	if numbers = unknown(numbers, c.Known); len(numbers) > 0 {
		c.Elsewhere, err = ledger.Elsewhere(ctx, st.Site, numbers, c.AsOf)
	}
	return c, err
}

// unknown returns the numbers that no known tool has.
func unknown(numbers []string, known []stocktake.Known) []string {
	has := make(map[string]bool, len(known))
	for _, k := range known {
		has[k.Number] = true
	}
	return slices.DeleteFunc(slices.Clone(numbers), func(n string) bool { return has[n] })
}

// RecountTools has some numbers counted again.
type RecountTools struct {
	At      *time.Time `json:"at"`
	Numbers []string   `json:"numbers"`
	Reason  string     `json:"reason"` // no personal data
}

// Recount opens another round for some numbers.
func (s *Stocktakes) Recount(ctx context.Context, r Request, id uuid.UUID, in RecountTools) (Result, error) {
	return s.on(ctx, r, "stocktake.recount", id, in.At, in, func(at domain.Instant) stocktake.Command {
		return stocktake.Recount{At: at, By: r.Actor.Person, Numbers: in.Numbers, Reason: in.Reason}
	})
}

// SignStocktake is a signature under a result.
type SignStocktake struct {
	At     *time.Time       `json:"at"`
	As     stocktake.Signer `json:"as"`
	Digest string           `json:"digest"` // of the result that the signer saw
}

// signs are the roles that may sign as what.
var signs = map[stocktake.Signer][]string{
	stocktake.Storekeeper: {"storekeeper", "shift_leader"},
	stocktake.Manager:     {"manager", "director"},
}

// Sign is the actor's signature; one whose role is another is refused.
func (s *Stocktakes) Sign(ctx context.Context, r Request, id uuid.UUID, in SignStocktake) (Result, error) {
	if !slices.ContainsFunc(signs[in.As], func(role string) bool { return slices.Contains(r.Actor.Roles, role) }) {
		return Result{}, domain.Refuse("CHK-01", "stock.not_signer", "signer", string(in.As))
	}
	return s.on(ctx, r, "stocktake.sign", id, in.At, in, func(at domain.Instant) stocktake.Command {
		return stocktake.Sign{At: at, By: r.Actor.Person, As: in.As, Digest: in.Digest}
	})
}

// Cancel gives a count up.
func (s *Stocktakes) Cancel(ctx context.Context, r Request, id uuid.UUID, in ToolReason) (Result, error) {
	return s.on(ctx, r, "stocktake.cancel", id, in.At, in, func(at domain.Instant) stocktake.Command {
		return stocktake.Cancel{At: at, By: r.Actor.Person, Reason: in.Reason}
	})
}

func (s *Stocktakes) on(ctx context.Context, r Request, operation string, id uuid.UUID, at *time.Time, in any, build func(at domain.Instant) stocktake.Command) (Result, error) {
	call, err := s.call(r, operation, id.String(), at, in)
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, s.x, stocktakeDecider(), StreamOf("stocktake", id), existing(r, call, func(context.Context, Stream) (stocktake.Command, error) {
		return build(call.OccurredAt), nil
	}))
}

// today is the civil date of an instant in a site's zone.
func (s *Sites) today(ctx context.Context, code string, at domain.Instant) (domain.Day, error) {
	site, err := s.find(ctx, code)
	if err != nil {
		return "", err
	}
	zone, err := calendar.LoadZone(site.Zone)
	if err != nil {
		return "", fmt.Errorf("zone of site %s: %w", code, err)
	}
	return domain.DayOf(at.Time, zone), nil
}
