package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Run lives days until so many have been lived in all, or enough is closed. A
// day is lived to its end, so that it can be kept: after each one ended is
// called, and an error of it ends the run.
func (s *Simulator) Run(ctx context.Context, enough <-chan struct{}, days int, ended func(day int) error) error {
	if err := s.begin(ctx, ended); err != nil {
		return err
	}
	for s.w.Day < days {
		select {
		case <-enough:
			return nil
		default:
		}
		if err := s.live(ctx); err != nil {
			return fmt.Errorf("day %d (%s): %w", s.w.Day+1, day(s.today()), err)
		}
		s.w.Day++
		if err := ended(s.w.Day); err != nil {
			return err
		}
	}
	return nil
}

// World is what is kept beside the installation.
func (s *Simulator) World() *World { return s.w }

// Installation is what the simulator lives in.
func (s *Simulator) Installation() Installation { return s.in }

// Compare holds who has each tool now by the API against who has it by the
// facts of the whole log, and keeps what differs for the check of custody.
func (s *Simulator) Compare(ctx context.Context, facts []Fact) error {
	has := map[string]string{}
	for _, f := range facts {
		if next := custodian(f); next != "" && f.Category() == "tool" {
			has[f.Stream] = next
		}
	}
	for _, st := range s.w.Sites {
		if err := s.look(ctx, st); err != nil {
			return err
		}
		for _, t := range st.tools {
			s.w.Samples++
			if now := t.Holder.Kind + " " + t.Holder.Who; now != has["fl.tool-"+t.ID] {
				s.w.Custody = append(s.w.Custody, fmt.Sprintf("%s: the list says %s, the log %s", t.Number, now, has["fl.tool-"+t.ID]))
			}
		}
	}
	return nil
}

// phase is a part of the day: what each site does from an hour on.
type phase struct {
	hour, minute int
	do           []func(context.Context, *Site) error
}

// live lives one day.
func (s *Simulator) live(ctx context.Context) error {
	s.sunday = s.today().Weekday() == time.Sunday
	for _, p := range s.phases() {
		s.to(p.hour, p.minute)
		for _, st := range s.w.Sites {
			if err := s.look(ctx, st); err != nil {
				return err
			}
			for _, do := range p.do {
				if err := do(ctx, st); err != nil {
					return fmt.Errorf("at %s: %w", st.Code, err)
				}
			}
		}
	}
	s.to(23, 30)
	if err := s.in.Settle(ctx); err != nil {
		return err
	}
	if s.today().AddDate(0, 0, 1).Day() == 1 || s.w.Day%7 == 0 {
		if err := s.sample(ctx); err != nil {
			return err
		}
	}
	s.w.Events, s.w.Now = s.in.Head(), s.in.Now()
	return nil
}

// ErrHalfDay says that a day was begun and never lived to its end: what is kept
// of the world is not what the log says.
var ErrHalfDay = errors.New("a day was begun and not lived to its end")

// begin sets the sites up, or looks whether the log ends where the last day did.
func (s *Simulator) begin(ctx context.Context, ended func(day int) error) error {
	if err := s.in.Settle(ctx); err != nil {
		return err
	}
	if len(s.w.Sites) > 0 {
		if head := s.in.Head(); head != s.w.Events {
			return fmt.Errorf("the log has %d events, and had %d after day %d: %w", head, s.w.Events, s.w.Day, ErrHalfDay)
		}
		return nil
	}
	if err := s.setUp(ctx); err != nil {
		return err
	}
	s.w.Events, s.w.Now = s.in.Head(), s.in.Now()
	return ended(0)
}

func (s *Simulator) phases() []phase {
	type acts = []func(context.Context, *Site) error
	if s.sunday {
		return []phase{{9, 0, acts{s.climate, s.tickets}}, {17, 0, acts{s.tickets}}}
	}
	return []phase{
		{8, 0, acts{s.climate, s.tickets, s.shifts, s.signatures, s.faults}},
		{9, 30, acts{s.inspections, s.loans, s.issues, s.kits, s.exchanges}},
		{11, 0, acts{s.tickets, s.signatures, s.supply, s.stock, s.repairs}},
		{14, 0, acts{s.losses, s.lose, s.exchanges, s.scraps, s.tickets}},
		{16, 0, acts{s.signatures, s.months, s.staff, s.recalls, s.annual, s.tickets}},
	}
}

// workday is the n-th working day of the month, from 1; 0 on a Sunday.
func (s *Simulator) workday() int {
	n := 0
	for d := s.today().AddDate(0, 0, 1-s.today().Day()); !d.After(s.today()); d = d.AddDate(0, 0, 1) {
		if d.Weekday() != time.Sunday {
			n++
		}
	}
	if s.sunday {
		return 0
	}
	return n
}

// sample asks for every tool at a past moment and looks whether each has
// exactly one custodian (TOL-03).
func (s *Simulator) sample(ctx context.Context) error {
	for _, st := range s.w.Sites {
		at := s.today().Add(time.Duration(s.rng.IntN(20*3600)) * time.Second)
		rows, err := list[toolRow](ctx, s, st.one("auditor"), "/v1/tools?site="+st.Code+"&at="+instant(at))
		if err != nil {
			return err
		}
		holders := map[string][]string{}
		for _, r := range rows {
			if r.Holder.Kind != "" {
				holders[r.ID] = append(holders[r.ID], r.Holder.Kind+" "+r.Holder.Who)
			} else {
				holders[r.ID] = slices.Grow(holders[r.ID], 0)
			}
		}
		s.w.Samples += len(holders)
		s.w.Custody = append(s.w.Custody, notOne(st.Code+" at "+instant(at), holders)...)
	}
	return nil
}
