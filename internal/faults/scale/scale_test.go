package scale_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/faults/scale"
)

func TestFullNumbersAreAskedForByTheEnvironment(t *testing.T) {
	t.Setenv(scale.Variable, "full")
	require.Equal(t, 500, scale.Times(3, 500))
	t.Setenv(scale.Variable, "")
	require.Equal(t, 3, scale.Times(3, 500))
}
