package simulate

import (
	"context"
	"fmt"
)

// correct takes a wrongly booked loss back, by two who saw the consequences;
// the one who asked may not confirm (AUD-02).
func (s *Simulator) correct(ctx context.Context, st *Site) error {
	if !s.chance(12) {
		return nil
	}
	manager, hr := st.one("manager"), st.one("hr")
	rows, err := list[*lossRow](ctx, s, manager, "/v1/losses?site="+st.Code+"&status=approved")
	if err != nil {
		return err
	}
	sortLosses(rows)
	l := pick(s, rows)
	if l == nil {
		return nil
	}
	var seen struct {
		Digest string `json:"digest"`
	}
	if err := s.get(ctx, manager, l.path()+"/consequences", &seen); err != nil {
		return err
	}
	a, err := s.do(ctx, manager, l.path()+"/correction", object{"reason": "工具在箱内", "consequences": seen.Digest}, l.Revision)
	if err != nil || !a.ok() {
		return err
	}
	confirm := object{"consequences": seen.Digest}
	if err := s.forbidden(ctx, "AUD-02", manager, l.path()+"/correction-confirmation", confirm, a.revision); err != nil {
		return err
	}
	_, err = s.do(ctx, hr, l.path()+"/correction-confirmation", confirm, a.revision)
	return err
}

// strike strikes an inspection that was entered for the wrong tool, having
// seen what follows (AUD-02). The tool is inspected again another day.
func (s *Simulator) strike(ctx context.Context, st *Site, t *toolRow) error {
	manager := st.one("manager")
	var seen struct {
		Confirmation string `json:"confirmation"`
	}
	if err := s.in.Settle(ctx); err != nil {
		return err
	}
	if err := s.get(ctx, manager, fmt.Sprintf("%s/strikes/%d", t.path(), t.Revision), &seen); err != nil {
		return err
	}
	body := object{"revision": t.Revision, "reason": "登记错误", "second_person": manager.ID, "confirmation": seen.Confirmation}
	if s.chance(300) {
		if err := s.forbidden(ctx, "AUD-02", manager, t.path()+"/strikes", body, t.Revision); err != nil {
			return err
		}
	}
	body["second_person"] = st.one("gm").ID
	_, err := s.act(ctx, manager, t, "strikes", body)
	return err
}
