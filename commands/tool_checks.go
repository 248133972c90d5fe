package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// CheckTeamTools looks through the shared tools of a team.
type CheckTeamTools struct {
	At      *time.Time     `json:"at"`
	Kind    card.CheckKind `json:"kind"`
	Giver   string         `json:"giver"` // person id of who hands the keys over; of a shift only
	Place   string         `json:"place"` // where what is missing was last kept
	Found   []uuid.UUID    `json:"found"`
	Damaged []uuid.UUID    `json:"damaged"`
	Missing []uuid.UUID    `json:"missing"`
}

const checkEvery = 7 // days, where the policy says nothing

// Check records that the actor looked for every shared tool of a team (TOL-06,
// TOL-20). What is missing is then reported missing on the shift that was on
// duty, what is damaged is blocked; each by itself, and the same request goes
// on where it was. ErrNotFound if there is no such team.
func (t *Tools) Check(ctx context.Context, r Request, team uuid.UUID, in CheckTeamTools) (Result, []ToolOutcome, error) {
	call, err := t.call(r, "card.check", team.String(), in.At, in)
	if err != nil {
		return Result{}, nil, err
	}
	f, err := currentFold(ctx, t.x, teamDecider(), StreamOf("team", team))
	if err != nil {
		return Result{}, nil, fmt.Errorf("find team %s: %w", team, err)
	}
	if f.state.Code == "" || !r.sees(f.site) {
		return Result{}, nil, ErrNotFound
	}
	if in.Giver != "" {
		if err := t.known(ctx, in.Giver, domain.Invalid("/giver", "ORG-01", "tool.person_unknown")); err != nil {
			return Result{}, nil, err
		}
	}
	if len(in.Missing) > 0 && strings.TrimSpace(in.Place) == "" { // each opens a loss, which says where (TOL-20)
		return Result{}, nil, domain.Invalid("/place", "TOL-20", "tool.place_missing")
	}
	call.Site = f.site
	next, err := t.nextCheck(ctx, f.site, call.OccurredAt)
	if err != nil {
		return Result{}, nil, err
	}
	res, duty, err := t.cards.check(ctx, call, tool.Holder{Kind: tool.Team, Who: team.String()}, in, next)
	if err != nil {
		return Result{}, nil, err
	}
	out, err := t.each(ctx, r, in.Missing, func(r Request, id uuid.UUID) (Result, error) {
		return t.ReportMissing(ctx, r, id, MissingTool{At: in.At, LostAt: call.OccurredAt.Time, Place: in.Place, OnDuty: duty})
	})
	if err != nil {
		return Result{}, nil, err
	}
	more, err := t.each(ctx, r, in.Damaged, func(r Request, id uuid.UUID) (Result, error) {
		return t.Block(ctx, r, id, BlockTool{At: in.At, Reason: tool.BlockFault, Note: string(in.Kind) + " check"})
	})
	return res, append(out, more...), err
}

// nextCheck returns when shared tools are to be checked again (TOL-20).
func (t *Tools) nextCheck(ctx context.Context, site string, at domain.Instant) (domain.Instant, error) {
	book, err := t.policies.Book(ctx, site)
	if err != nil {
		return domain.Instant{}, err
	}
	days := 0
	if v, ok := book.InForce(policy.KindTools, site, at.Time); ok {
		days = v.Tools().CheckDays
	}
	if days == 0 {
		days = checkEvery
	}
	return domain.At(at.AddDate(0, 0, days)), nil
}

// check records a check on a team's card and returns who was on duty.
func (c *cards) check(ctx context.Context, call Call, team tool.Holder, in CheckTeamTools, next domain.Instant) (Result, string, error) {
	id := c.IDs.Aggregate("check", call.ID)
	res, err := c.writeWith(ctx, call, team, "check", func(ctx context.Context, start card.Start, entries []card.Entry) (card.Command, error) {
		by, err := c.recipientOf(ctx, tool.Holder{Kind: tool.Person, Who: call.Actor.Person}, call.OccurredAt.Time)
		if err != nil {
			return nil, err
		}
		has, err := c.here(ctx, team, entries)
		return card.Check{
			At: call.OccurredAt, Start: start, ID: id, Kind: in.Kind, Giver: in.Giver, By: call.Actor.Person, Of: by.Team, Found: in.Found, Damaged: in.Damaged,
			Missing: in.Missing, Has: has, NextBy: next,
		}, err
	})
	if err != nil {
		return Result{}, "", err
	}
	_, st, _, err := c.newest(ctx, team)
	if err != nil || st.Last.ID != id {
		return Result{}, "", fmt.Errorf("check %s of team %s is not the newest any more: %w", id, team.Who, errors.Join(ErrBusy, err))
	}
	return res, st.Last.OnDuty, nil
}
