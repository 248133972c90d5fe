package notice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/internal/notice"
)

const head = "date,kind,name,source\n"

func TestORG03ANoticeIsReadWithItsSource(t *testing.T) {
	t.Parallel()
	want := notice.Notice{
		Year: 2027, Source: "国办发明电〔2026〕7号; 补充通知",
		Days: []calendar.NoticeDay{
			{Date: "2026-12-31", Name: "元旦"}, {Date: "2027-01-01", Name: "元旦"}, {Date: "2027-01-03", Work: true, Name: "元旦"}, {Date: "2027-10-01", Name: "国庆节"},
		},
	}
	got, err := notice.Read([]byte("\ufeff" + head + "2026-12-31,holiday,元旦,国办发明电〔2026〕7号\r\n2027-01-01,holiday,元旦,国办发明电〔2026〕7号\r\n" +
		"2027-01-03,workday, 元旦 ,国办发明电〔2026〕7号\r\n\r\n2027-10-01,holiday,国庆节,\"补充通知\"\r\n"))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestORG03EachFaultOfANoticeHasItsLineAndColumn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "line 1 column 1: the file is empty; its first line is date,kind,name,source"},
		{"day,kind,name,source\nx", "line 1 column 1: the first line must be date,kind,name,source"},
		{head, "line 2 column 1: the file names no day"},
		{
			head + "2027-02-30,free,,\n2027-01-01,holiday,x,s\n2027-01-01,workday,x,s\n2027-01-02,holiday,x\n",
			"line 2 column 1: \"2027-02-30\" is not a date of the form 2026-12-31\n" +
				"line 2 column 12: \"free\" is not holiday or workday\n" +
				"line 2 column 17: the name of the holiday is missing\n" +
				"line 2 column 18: the source is missing\n" +
				"line 4 column 1: 2027-01-01 is named a second time\n" +
				"line 5 column 1: 3 fields, not 4",
		},
		{head + "2026-11-30,holiday,x,s\n2027-01-01,holiday,x,s\n", "line 2 column 1: 2026-11-30 does not belong to the notice of 2027"},
		{head + "2027-01-01,holiday,\"x,s\n", "line 2 column 25: extraneous or missing \" in quoted-field"},
	} {
		_, err := notice.Read([]byte(c.text))
		require.EqualError(t, err, c.want)
	}
}
