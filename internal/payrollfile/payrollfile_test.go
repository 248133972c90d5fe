package payrollfile_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/payrollfile"
)

func TestLOS08WagesAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	got, err := payrollfile.ReadWages(strings.NewReader("\ufeffperson_key,month,wage_fen\r\n1001,2026-06,300000\r\n\"1002, old\",2026-06,0\r\n"))
	require.NoError(t, err)
	require.Equal(t, []commands.Wage{{Key: "1001", Month: "2026-06", WageFen: 300_000}, {Key: "1002, old", Month: "2026-06"}}, got)
}

func TestLOS08AFileWithAFaultIsNotUsedAtAllAndEveryFaultIsTold(t *testing.T) {
	t.Parallel()
	got, err := payrollfile.ReadWages(strings.NewReader("person_key,month,wage_fen\n1001,2026-06,300000\n,2026-06,1\n1002,2026-6,1e3\n1003,2026-06,3000.00\n1003,2026-06,-1\n1004,2026-06,007\n1001,2026-06,2\n1005,2026-06\n"))
	require.Nil(t, got)
	require.Equal(t, []string{
		"line 3, person_key: has 1 to 64 characters",
		"line 4, month: is not of the form 2006-01",
		"line 4, wage_fen: is no whole number of fen",
		"line 5, wage_fen: is no whole number of fen",
		"line 6, wage_fen: is no whole number of fen",
		"line 7, wage_fen: is no whole number of fen",
		"line 8, person_key,month: the same as in line 2",
		"line 9, column 3: the row has 2 columns, not 3",
	}, strings.Split(err.Error(), "\n"))
	for _, file := range []string{"", "person,month,wage\n", "person_key,month,wage_fen\n1001,2026-06\n", "person_key,month,wage_fen\n\"1001,2026-06,1\n"} {
		_, err := payrollfile.ReadWages(strings.NewReader(file))
		require.Error(t, err, file)
	}
}

func TestLOS08DeductionsAreWrittenForPayroll(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	at := domain.At(time.Date(2026, 7, 5, 1, 0, 0, 0, time.UTC))
	require.NoError(t, payrollfile.WriteLines(&b, []payrollfile.Line{
		{Key: "1001", Month: "2026-06", Kind: "deduction", AmountFen: 3500, LossNumber: "W-1-20260302-3fa2", PostedAt: at, Event: "e"},
		{Key: "1001", Month: "2026-06", Kind: "refund", AmountFen: -500, LossNumber: "W-1-20260302-3fa2", PostedAt: at, Event: "f"},
	}))
	require.Equal(t, "person_key,month,kind,amount_fen,loss_number,posted_at,event_id\n"+
		"1001,2026-06,deduction,3500,W-1-20260302-3fa2,2026-07-05T01:00:00.000Z,e\n1001,2026-06,refund,-500,W-1-20260302-3fa2,2026-07-05T01:00:00.000Z,f\n", b.String())
}

// Whatever is read has a person, a month and whole fen, or nothing is read.
func FuzzReadWages(f *testing.F) {
	f.Add([]byte("person_key,month,wage_fen\n1001,2026-06,300000\n"))
	f.Add([]byte("person_key,month,wage_fen\n1001,2026-06,1e3\n"))
	f.Add([]byte("person_key,month,wage_fen\n\"a\nb\",2026-06,1\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		wages, err := payrollfile.ReadWages(bytes.NewReader(file))
		if err != nil {
			require.Nil(t, wages)
			return
		}
		for _, w := range wages {
			require.NotEmpty(t, w.Key)
			require.Len(t, string(w.Month), 7)
			require.Contains(t, string(file), strconv.FormatInt(w.WageFen, 10))
		}
	})
}
