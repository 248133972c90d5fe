package importlog

import (
	"errors"
	"io"
)

// ReadAll reads and maps every row of a log and returns how many there are.
func ReadAll(file io.ReadSeeker, m *Mapping) (int, error) {
	l, err := openLog(file, m)
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		raw, err := l.next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		l.read(raw)
	}
}
