package ledgerfile_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/internal/ledgerfile"
)

func TestCHK04ALedgerIsReadAsItIs(t *testing.T) {
	t.Parallel()
	got, err := ledgerfile.ReadEntries(strings.NewReader("\ufeffnumber,price_fen\r\nW-1,135050\r\n\"扳手, 二\",0\r\n"))
	require.NoError(t, err)
	require.Equal(t, []ledgercheck.Entry{{Number: "W-1", PriceFen: 135_050}, {Number: "扳手, 二"}}, got)
	got, err = ledgerfile.ReadEntries(strings.NewReader("number,price_fen\n"))
	require.NoError(t, err, "an empty ledger is a ledger")
	require.Empty(t, got)
}

func TestCHK04AFileWithAFaultIsNotUsedAtAllAndEveryFaultIsToldByLineAndColumn(t *testing.T) {
	t.Parallel()
	got, err := ledgerfile.ReadEntries(strings.NewReader("number,price_fen\nW-1,100\n,1350.50\nW-2\nW-3,1,2\nW-4 ,1\nW-5,-1\nW-6,007\nW-7,\"1,000\"\nW-\x00,1\n\xb0\xe2,1\nW-\u202e8,1\nW-9,100000000001\n" +
		strings.Repeat("9", 65) + ",1\nW-1,2\nW-10,1e3\n"))
	require.Nil(t, got)
	require.Equal(t, []string{
		"line 3, number: has 1 to 64 characters",
		"line 3, price_fen: is no whole number of fen",
		"line 4, column 2: the row has 1 columns, not 2",
		"line 5, column 3: the row has 3 columns, not 2",
		"line 6, number: has a space before or after it",
		"line 7, price_fen: is no whole number of fen",
		"line 8, price_fen: is no whole number of fen",
		"line 9, price_fen: is no whole number of fen",
		"line 10, number: has a character that nobody sees",
		"line 11, number: is not UTF-8",
		"line 12, number: has a character that nobody sees",
		"line 13, price_fen: is no whole number of fen",
		"line 14, number: has 1 to 64 characters",
		"line 15, number: the same as in line 2",
		"line 16, price_fen: is no whole number of fen",
	}, strings.Split(err.Error(), "\n"))
	for _, file := range []string{"", "no,price\n", "price_fen,number\n", "number,price_fen\n\"W-1,1\n", "number,price_fen\nW\"1,1\n", "number;price_fen\nW-1;1\n"} {
		_, err := ledgerfile.ReadEntries(strings.NewReader(file))
		require.Error(t, err, file)
	}
	long := "number,price_fen\n" + strings.Repeat("W,1\n", ledgerfile.MostRows+1)
	_, err = ledgerfile.ReadEntries(strings.NewReader(long))
	require.EqualError(t, err, "more than 100000 rows")
}

func TestCHK04WhatDiffersIsWrittenWithHowItWasSettled(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	at := domain.At(time.Date(2026, 7, 5, 1, 0, 0, 0, time.UTC))
	id := uuid.UUID{15: 1}
	require.NoError(t, ledgerfile.WriteItems(&b, []ledgerfile.Item{
		{Item: ledgercheck.Item{Kind: ledgercheck.OnlyOurs, Number: "W-1", Tool: id, OursFen: 100}},
		{Item: ledgercheck.Item{Kind: ledgercheck.OnlyTheirs, Number: "W-2", TheirsFen: 200}, SettledAt: &at, SettledBy: "wang", How: "struck, there"},
		{Item: ledgercheck.Item{Kind: ledgercheck.Price, Number: "W-3", Tool: id, OursFen: 100, TheirsFen: 0}},
	}))
	require.Equal(t, "kind,number,tool,ours_fen,theirs_fen,settled_at,settled_by,how\n"+
		"only_ours,W-1,"+id.String()+",100,,,,\nonly_theirs,W-2,,,200,2026-07-05T01:00:00.000Z,wang,\"struck, there\"\nprice,W-3,"+id.String()+",100,0,,,\n", b.String())
}

// Whatever is read has numbers, each once, and whole fen, or nothing is read.
func FuzzReadEntries(f *testing.F) {
	f.Add([]byte("number,price_fen\nW-1,135050\n"))
	f.Add([]byte("\xef\xbb\xbfnumber,price_fen\r\nW-1,1e3\r\n"))
	f.Add([]byte("number,price_fen\n\"a\nb\",1\nW-1\nW-1,1,1\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		entries, err := ledgerfile.ReadEntries(bytes.NewReader(file))
		if err != nil {
			require.Nil(t, entries)
			return
		}
		seen := map[string]bool{}
		for _, e := range entries {
			require.NotEmpty(t, e.Number)
			require.NotContains(t, e.Number, "\x00")
			require.False(t, seen[e.Number])
			seen[e.Number] = true
			require.Contains(t, string(file), strconv.FormatInt(e.PriceFen, 10))
		}
	})
}
