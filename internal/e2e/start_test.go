package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkWarmStart is the time from the start of the program to its first
// answer, over the whole sample.
func BenchmarkWarmStart(b *testing.B) {
	i := newInstallation(b).withIssuer(b)
	i.run(b, "import")
	for b.Loop() {
		s := i.serve(b)
		r := s.do(b, call{method: http.MethodGet, path: "/v1/health"})
		b.StopTimer()
		require.Equal(b, http.StatusOK, r.status, r.body)
		s.stop(b)
		b.StartTimer()
	}
}
