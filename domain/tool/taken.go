package tool

// Taken returns the refusal that names who has a tool, or to whom it is
// offered, and nil for one in store (TOL-14).
func (s State) Taken() error { return s.inStore() }
