package readside

// Forget drops the touches in memory, as after a long time or a restart.
func (s *Side) Forget() {
	s.recent.mu.Lock()
	defer s.recent.mu.Unlock()
	s.recent.low, s.recent.touches = s.recent.high, nil
}

// Refunds is what of a month's deductions went back.
var Refunds = refunds
