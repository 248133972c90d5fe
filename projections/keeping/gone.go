package keeping

import (
	"cmp"
	"slices"
)

// Gone returns the loss or the scrapping since which the tool has to be
// replaced; false while it is there (CHK-02). What was lost and then scrapped
// was gone from its loss on; what was found again is there.
func (r Tool) Gone() (Incident, bool) {
	all := slices.Clone(r.Incidents)
	slices.SortStableFunc(all, func(a, b Incident) int { return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Revision, b.Revision)) })
	var gone Incident
	for _, i := range all {
		switch i.What {
		case "lost", "scrapped":
			if gone.What == "" {
				gone = i
			}
		case "found":
			gone = Incident{}
		}
	}
	return gone, gone.What != ""
}
