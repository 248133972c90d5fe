package calendar

import (
	"maps"

	"github.com/fieldledger/fieldledger/domain"
)

// NoticeDay is a day of the yearly notice of holidays: a free one, or a day
// of the weekend that is worked to make up for another (ORG-03).
type NoticeDay struct {
	Date domain.Day `json:"date"`
	Work bool       `json:"work"`
	Name string     `json:"name"` // of the holiday it belongs to
}

// Noticed returns c with the days of a notice. Make-up workdays have the given
// hours, or if there are none those of the week's first open day from Monday on.
func (c Content) Noticed(days []NoticeDay, hours []Hours) Content {
	for _, day := range []*[]Hours{&c.Week.Mon, &c.Week.Tue, &c.Week.Wed, &c.Week.Thu, &c.Week.Fri, &c.Week.Sat, &c.Week.Sun} {
		if len(hours) == 0 {
			hours = *day
		}
	}
	all := maps.Clone(c.Days)
	if all == nil {
		all = make(map[domain.Day][]Hours, len(days))
	}
	for _, d := range days {
		all[d.Date] = []Hours{}
		if d.Work {
			all[d.Date] = hours
		}
	}
	c.Days = all
	return c
}
