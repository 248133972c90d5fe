package ticket

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain"
)

// Policies returns the policy versions that decided the targets (POL-02).
func (e Registered) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e LevelChanged) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e Resumed) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e Reopened) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the verdict (POL-02).
func (e Judged) Policies() []domain.PolicyRef { return given(e.Policy, e.Calendar) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e PauseRecorded) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e VisitNeeded) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e ArrivalAgreed) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e DueCorrected) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e ZoneChanged) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the policy versions that decided the targets (POL-02).
func (e Updated) Policies() []domain.PolicyRef { return policiesOf(e.Targets) }

// Policies returns the matrix of authority that it was decided by (POL-02, POL-10).
func (e ClassChanged) Policies() []domain.PolicyRef { return given(e.Policy) }

// Policies returns the matrix of authority that it was decided by (POL-02, POL-10).
func (e ChargeRecorded) Policies() []domain.PolicyRef { return given(e.Policy) }

func given(refs ...*domain.PolicyRef) []domain.PolicyRef {
	var out []domain.PolicyRef
	for _, ref := range refs {
		if ref != nil {
			out = append(out, *ref)
		}
	}
	return out
}

// Policies returns the version that says so, and those that decided the targets (POL-02).
func (e Retargeted) Policies() []domain.PolicyRef {
	refs := policiesOf(e.Targets)
	if slices.Contains(refs, e.Policy) {
		return refs
	}
	return append([]domain.PolicyRef{e.Policy}, refs...)
}

// Policies returns the policy version that has the step (POL-02).
func (e Escalated) Policies() []domain.PolicyRef { return []domain.PolicyRef{e.Policy} }

func policiesOf(targets []Target) []domain.PolicyRef {
	var out []domain.PolicyRef
	for _, t := range targets {
		for _, ref := range []domain.PolicyRef{t.Policy, t.Calendar} {
			if !slices.Contains(out, ref) {
				out = append(out, ref)
			}
		}
	}
	return out
}
