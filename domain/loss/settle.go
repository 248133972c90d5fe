package loss

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func propose(s State, c Propose) (Event, error) {
	if err := s.running("LOS-07"); err != nil {
		return nil, err
	}
	r, ref, err := s.terms(c.Book, c.At)
	if err != nil {
		return nil, err
	}
	amount, assessed := s.AmountFen()
	switch {
	case s.Finding == nil:
		return nil, domain.Refuse("LOS-05", "loss.finding_missing")
	case s.Finding.OnDuty: // the certificate is waited for, or another finding made
		return nil, domain.Refuse("LOS-02", "loss.on_duty")
	case !assessed:
		return nil, domain.Refuse("LOS-04", "loss.assessment_missing")
	case s.Finding.Replace != "" && s.Replaced == nil && s.Bought == nil: // one of the two ways
		return nil, domain.Refuse("LOS-06", "loss.replacement_open", "last_day", string(s.Finding.Replace))
	case s.debtor(c.By):
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	case s.Proposal != nil && s.Proposal.By == c.By: // TKT-02: what it would say stands already
		return nil, nil
	}
	return AmountProposed{
		At: c.At, By: c.By, AmountFen: amount, Shares: Split(amount, s.Finding.Payers), NeedsHR: needsHR(r, amount), Policy: ref,
	}, nil
}

// needsHR reports whether HR has to approve an amount (LOS-07).
func needsHR(r policy.Compensation, amountFen int64) bool { return amountFen > r.HRAboveFen }

func withdrawProposal(s State, c WithdrawProposal) (Event, error) {
	switch {
	case s.Status == Open: // TKT-02
		return nil, nil
	case s.Proposal == nil || s.Status != Proposed:
		return nil, domain.Refuse("LOS-07", "loss.decided", "status", string(s.Status))
	case s.debtor(c.By):
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	}
	return ProposalWithdrawn(c), nil
}

func approve(s State, c Approve) (Event, error) {
	switch {
	case s.Status == Approved && s.ProposedAt == c.Proposal: // TKT-02
		return nil, nil
	case s.Status != Proposed || s.Proposal == nil:
		return nil, domain.Refuse("LOS-07", "loss.not_proposed", "status", string(s.Status))
	case c.Proposal != s.ProposedAt || c.AmountFen != s.Proposal.AmountFen: // of an amount changed since
		return nil, domain.Refuse("LOS-07", "loss.proposal_changed", "amount_fen", s.Proposal.AmountFen)
	case c.By == s.Proposal.By: // persons, not accounts (ORG-01)
		return nil, domain.Refuse("LOS-07", "loss.same_person")
	case s.debtor(c.By):
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	}
	r, ref, err := s.terms(c.Book, c.At) // of now: the limit may be another one than at the proposal (POL-02)
	if err != nil {
		return nil, err
	}
	if needsHR(r, s.Proposal.AmountFen) && !slices.Contains(c.Roles, RoleHR) {
		return nil, domain.Refuse("LOS-07", "loss.hr_only")
	}
	return AmountApproved{
		At: c.At, By: c.By, Proposal: s.ProposedAt, Number: s.Opened.Number, AmountFen: s.Proposal.AmountFen, Shares: s.Proposal.Shares, Policy: &ref,
	}, nil
}

func waive(s State, c Waive) (Event, error) {
	switch {
	case s.Status == Waived: // TKT-02
		return nil, nil
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "LOS-11", "loss.reason_missing")
	case c.Second == "":
		return nil, domain.Invalid("/second_person", "LOS-11", "loss.person_missing")
	case c.Second == c.By:
		return nil, domain.Refuse("LOS-11", "loss.same_person")
	case !s.Status.running() && s.Status != Approved:
		return nil, domain.Refuse("LOS-11", "loss.decided", "status", string(s.Status))
	case s.debtor(c.By) || s.debtor(c.Second):
		return nil, domain.Refuse("LOS-11", "loss.own_case")
	}
	return s.ended(ByWaiver, c.At, c.By, c.Second, c.Reason, c.Refund), nil
}

func (s State) ended(how How, at domain.Instant, by, second, reason string, refund bool) Ended {
	return Ended{At: at, How: how, By: by, Second: second, Reason: reason, Number: s.Opened.Number, Persons: s.Persons(), Refund: refund}
}

func recordPoints(s State, c RecordPoints) (Event, error) {
	r, ref, err := s.terms(c.Book, c.At)
	if err != nil {
		return nil, err
	}
	_, faulty := uuid.Parse(c.Person)
	switch {
	case faulty != nil:
		return nil, domain.Invalid("/person", "LOS-10", "loss.payer_unknown")
	case c.Circumstances.IsZero():
		return nil, domain.Invalid("/circumstances", "LOS-10", "loss.reason_missing")
	case s.Status == Withdrawn:
		return nil, domain.Refuse("LOS-10", "loss.decided", "status", string(s.Status))
	case s.Opened.Tool.Use != "special" || s.Opened.Cause != Missing:
		return nil, domain.Refuse("LOS-10", "loss.not_special")
	case r.Points == 0: // POL-08: the site has none
		return nil, domain.Refuse("POL-08", "loss.points_missing")
	case s.Points > 0: // once a loss
		return nil, domain.Refuse("LOS-10", "loss.points_given")
	case c.By == c.Person || s.debtor(c.By):
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	}
	return PointsRecorded{At: c.At, By: c.By, Person: c.Person, Points: r.Points, Circumstances: c.Circumstances, Policy: ref}, nil
}

func requestCorrection(s State, c RequestCorrection) (Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "AUD-02", "loss.reason_missing")
	case s.Status == Withdrawn || s.Status == Found:
		return nil, domain.Refuse("AUD-02", "loss.decided", "status", string(s.Status))
	case c.Seen != c.Consequences: // listed first
		return nil, domain.Refuse("AUD-02", "loss.consequences_changed")
	case s.debtor(c.By):
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	case s.Correction != nil && s.Correction.By == c.By && s.Correction.Consequences == c.Consequences: // TKT-02
		return nil, nil
	}
	return CorrectionRequested{At: c.At, By: c.By, Reason: c.Reason, Consequences: c.Consequences}, nil
}

func confirmCorrection(s State, c ConfirmCorrection) (Event, error) {
	switch {
	case s.Status == Withdrawn: // TKT-02
		return nil, nil
	case s.Status == Found:
		return nil, domain.Refuse("AUD-02", "loss.decided", "status", string(s.Status))
	case s.Correction == nil:
		return nil, domain.Refuse("AUD-02", "loss.correction_missing")
	case c.Seen != c.Consequences || c.Seen != s.Correction.Consequences:
		return nil, domain.Refuse("AUD-02", "loss.consequences_changed")
	case c.By == s.Correction.By: // persons, not accounts (ORG-01)
		return nil, domain.Refuse("AUD-02", "loss.same_person")
	case s.debtor(c.By) || s.debtor(s.Correction.By): // a finding made since may name either
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	}
	e := s.ended(ByCorrection, c.At, c.By, s.Correction.By, s.Correction.Reason, true)
	e.Points = s.Points
	return e, nil
}

// give keeps that one exchange gives another tool in place of the lost one; a
// second tool for the same loss would be an issue without a surrender (EXC-06).
func give(s State, c Give) (Event, error) {
	switch {
	case c.Exchange == uuid.Nil:
		return nil, domain.Invalid("/exchange", "EXC-06", "loss.exchange_missing")
	case !s.Status.Settled() || s.Opened.Tool.ID != c.Tool:
		return nil, domain.Refuse("EXC-06", "loss.not_settled", "status", string(s.Status))
	case s.GivenTo == c.Exchange: // TKT-02
		return nil, nil
	case s.GivenTo != uuid.Nil && s.GivenTo != c.Over:
		return nil, domain.Refuse("EXC-06", "loss.given_already", "exchange", s.GivenTo.String())
	}
	return ReplacementGiven{At: c.At, By: c.By, Exchange: c.Exchange}, nil
}

// findAgain is sent by the program: what a person decided since does not stop
// it. What a waiver left deducted goes back too: nothing is lost any more.
func findAgain(s State, c FindAgain) ([]Event, error) {
	paid := s.Status == Approved || s.Status == Waived && len(s.Shares) > 0
	if !s.Status.running() && !paid { // nothing is owed, and nothing was paid
		return nil, nil
	}
	at := c.At
	if at.Before(s.LastAt) {
		at = domain.At(s.LastAt)
	}
	return []Event{s.ended(ByFinding, at, c.By, "", "", true)}, nil
}
