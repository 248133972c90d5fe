package integration

// Proposed is proposed.
var Proposed = proposed
