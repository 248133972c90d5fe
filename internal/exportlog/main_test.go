package exportlog_test

import (
	"testing"

	"github.com/fieldledger/fieldledger/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
