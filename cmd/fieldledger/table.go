package main

import (
	"strconv"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
)

// table prints rows under headers, figures to the right.
func (t *terminal) table(headers []string, rows [][]string) {
	tb := table.New().Border(lipgloss.NormalBorder()).BorderRow(false).Rows(rows...).
		StyleFunc(func(_, col int) lipgloss.Style {
			s := lipgloss.NewStyle().Padding(0, 1)
			if col > 0 {
				s = s.Align(lipgloss.Right)
			}
			return s
		})
	if headers != nil {
		tb = tb.Headers(headers...)
	}
	t.printf("%s\n", tb.String())
}

func number[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// percent writes part of whole with one decimal, rounded down; "-" of nothing.
func percent(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	permille := part * 1000 / whole
	return strconv.FormatInt(permille/10, 10) + "." + strconv.FormatInt(permille%10, 10) + " %"
}
