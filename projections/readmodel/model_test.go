package readmodel_test

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// The events of the tests' model: jobs that are opened, moved and cleared.
type (
	opened struct {
		Site  string     `json:"site"`
		Day   domain.Day `json:"day"`
		Level int        `json:"level"`
		Note  string     `json:"note"`
	}
	moved struct {
		Site string    `json:"site"`
		Team uuid.UUID `json:"team"`
		Note string    `json:"note"`
	}
	cleared struct {
		Site  string `json:"site"`
		Hours int64  `json:"hours"`
	}
	odd struct {
		Site string `json:"site"`
	}
)

type jobRow struct {
	Status string         `db:"status"`
	Day    domain.Day     `db:"day"`
	Level  int            `db:"level"`
	Team   uuid.UUID      `db:"team,null"`
	Due    *time.Time     `db:"due_at"`
	Moves  []string       `db:"moves,grows"`
	Extra  map[string]int `db:"extra"`
	Done   bool           `db:"done"`
	Hours  int64          `db:"hours"`
	Raw    []byte         `db:"raw"`
	Seen   domain.Instant `db:"seen_at,null"`
	Note   string         `db:"note"`
}

type jobDims struct {
	Team  uuid.UUID `db:"team,null"`
	Level int       `db:"level"`
}

func evolveJob(r jobRow, rec eventschemas.Record) (jobRow, error) {
	switch e := rec.Event.(type) {
	case opened:
		due := rec.Created.Add(time.Hour)
		return jobRow{
			Status: "open", Day: e.Day, Level: e.Level, Due: &due, Raw: []byte{byte(e.Level)},
			Extra: map[string]int{"b": 2, "a": e.Level}, Seen: rec.Envelope.OccurredAt, Note: e.Note,
		}, nil
	case moved:
		if r.Status == "" {
			return r, nil
		}
		r.Team, r.Status = e.Team, "moved"
		r.Moves = append(append([]string{}, r.Moves...), e.Team.String()[:4])
		if e.Note != "" {
			r.Note = e.Note
		}
		return r, nil
	case cleared:
		if r.Status == "" {
			return r, nil
		}
		r.Status, r.Done, r.Hours, r.Due = "cleared", true, e.Hours, nil
		return r, nil
	default:
		return r, readmodel.Unknown(rec)
	}
}

func contributeJob(r jobRow) []readmodel.Contribution {
	running, hours := int64(1), int64(0)
	if r.Done {
		running, hours = 0, r.Hours
	}
	return []readmodel.Contribution{{Day: r.Day, Dims: jobDims{Team: r.Team, Level: r.Level}, Values: []int64{1, running, hours}}}
}

// stretchesOfJob has nobody in the first hour of the day, then each team an hour, the last for good unless it is done.
func stretchesOfJob(r jobRow) []readmodel.Stretch {
	from, err := time.Parse(time.DateOnly, string(r.Day))
	if err != nil {
		return nil
	}
	out := []readmodel.Stretch{}
	for i, who := range append([]string{"nobody"}, r.Moves...) {
		out = append(out, readmodel.Stretch{
			From: from.Add(time.Duration(i) * time.Hour), To: from.Add(time.Duration(i+1) * time.Hour), Holder: "team:" + who, Order: r.Note,
		})
	}
	if !r.Done {
		out[len(out)-1].To = readmodel.Forever
	}
	return out
}

var jobModel = readmodel.Model[jobRow]{
	Name: "job", Category: "job", Evolve: evolveJob, Contribute: contributeJob,
	Measures: []string{"cases", "running", "hours"}, Dims: jobDims{}, Stretches: stretchesOfJob,
	Indexes: []string{`CREATE INDEX ON {{.schema}}.job (site, status)`},
	Filters: [][]string{{"status"}},
}

type jobLogRow struct {
	Kind string `db:"kind"`
}

var feed = readmodel.Log[jobLogRow]{
	Name: "feed",
	Row: func(rec eventschemas.Record) (*jobLogRow, error) {
		switch rec.Event.(type) {
		case odd:
			return nil, nil //nolint:nilnil // no row
		default:
			return &jobLogRow{Kind: rec.Type}, nil
		}
	},
}

var (
	jobs  = readmodel.Projection{Name: "jobs", Version: 1, Tables: []readmodel.Table{jobModel}}
	feeds = readmodel.Projection{Name: "feed", Version: 1, Tables: []readmodel.Table{feed}}
)

func jobStream(n int) string {
	return commands.StreamOf("job", uuid.NewSHA1(uuid.NameSpaceURL, []byte(strconv.Itoa(n))))
}

// fill appends about events random events, strikes among them, always the same.
func fill(l *memLog, events int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 7))
	streams := max(events/6, 3)
	teams := []uuid.UUID{uuid.NewSHA1(uuid.NameSpaceURL, []byte("a")), uuid.NewSHA1(uuid.NameSpaceURL, []byte("b")), {}}
	for len(l.all) < events {
		n := r.IntN(streams)
		s, site := jobStream(n), []string{"sh", "bj"}[n%2]
		have := l.streams[s]
		switch {
		case len(have) == 0:
			day := domain.Day("2026-0" + strconv.Itoa(1+r.IntN(3)) + "-1" + strconv.Itoa(r.IntN(10)))
			l.add(s, "job.opened.v1", opened{Site: site, Day: day, Level: 1 + r.IntN(4), Note: "第" + strconv.Itoa(n)})
		case r.IntN(10) == 0:
			if e := have[r.IntN(len(have))]; e.Type != "record.struck.v1" {
				l.add(s, "record.struck.v1", struct {
					record.Struck
					Site string `json:"site"`
				}{record.Struck{Revision: e.Revision, EventID: e.ID, Reason: "typed wrong"}, site})
			}
		case r.IntN(3) == 0:
			l.add(s, "job.cleared.v1", cleared{Site: site, Hours: int64(r.IntN(50))})
		default:
			l.add(s, "job.moved.v1", moved{Site: site, Team: teams[r.IntN(3)]})
		}
	}
}
