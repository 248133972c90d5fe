package domain

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Instant is a UTC time on the wire: RFC 3339 with exactly milliseconds.
type Instant struct{ time.Time }

const instantLayout = "2006-01-02T15:04:05.000Z"

// At returns t as an Instant, cut to milliseconds.
func At(t time.Time) Instant { return Instant{t.UTC().Truncate(time.Millisecond)} }

// MarshalJSON writes the one legal form.
func (i Instant) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(instantLayout)+2)
	b = append(b, '"')
	b = i.UTC().AppendFormat(b, instantLayout)
	return append(b, '"'), nil
}

// UnmarshalJSON reads the one legal form and refuses every other.
func (i *Instant) UnmarshalJSON(b []byte) error {
	if !legalInstant(b) {
		return fmt.Errorf("instant %.40q is not of the form %s", b, instantLayout)
	}
	t, err := time.Parse(instantLayout, string(b[1:len(b)-1]))
	if err != nil {
		return fmt.Errorf("instant: %w", err)
	}
	i.Time = t.UTC()
	return nil
}

// legalInstant looks at what time.Parse does not: of milliseconds it takes ",000" and ".+00" too.
func legalInstant(b []byte) bool {
	if len(b) != len(instantLayout)+2 || b[0] != '"' || b[len(b)-1] != '"' || b[20] != '.' {
		return false
	}
	for _, c := range b[21:24] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// Day is a civil date, "2006-01-02", in the zone of its site.
type Day string

// DayOf returns the civil date of t in zone.
func DayOf(t time.Time, zone *time.Location) Day { return Day(t.In(zone).Format(time.DateOnly)) }

// Valid reports whether d is a civil date.
func (d Day) Valid() bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

// MonthsAfter returns the day n months after d, the month's last if it has no
// such day; "" if d is no civil date.
func (d Day) MonthsAfter(n int) Day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Day(first.AddDate(0, 0, min(t.Day(), last)-1).Format(time.DateOnly))
}

// Sealed is a personal field, encrypted under its subject's own key (AUD-07).
// Destroying the key erases it everywhere at once; the zero value is "none".
type Sealed struct {
	Subject    uuid.UUID `json:"subject"`    // whose key
	Key        string    `json:"key"`        // id of the key
	Ciphertext []byte    `json:"ciphertext"` // base64 on the wire
}

// IsZero reports that there is no value at all.
func (s Sealed) IsZero() bool { return len(s.Ciphertext) == 0 }

// PolicyRef names a version of a policy (POL-02).
type PolicyRef struct {
	ID      uuid.UUID `json:"id"`
	Version int       `json:"version"` // from 1
	Hash    string    `json:"hash"`    // hex SHA-256 of the content
}

// ExternalKey is what another system calls a thing of ours.
type ExternalKey struct {
	System string `json:"system"` // "servicenow-demo"
	Key    string `json:"key"`    // "INC0000045"
}
