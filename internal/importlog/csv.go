package importlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	longestLine  = 1 << 20 // bytes of a physical line
	longestQuote = 64      // physical lines that a quoted field may cover
)

// rawRow is one row of the file, whatever its format. Fields are valid until
// the next row is read.
type rawRow struct {
	line   int // physical line on which it starts, from 1
	fields []string
	fault  string // why it cannot be read; "" if it can
}

// rowReader reads the rows of a log in one format.
type rowReader interface {
	// next returns the next row; io.EOF after the last.
	next() (rawRow, error)
	// line is about where reading stands, from 1.
	line() int
}

// csvReader splits a CSV file into rows. A row that cannot be read costs that
// row only: a quote that is never closed swallows nothing that follows.
type csvReader struct {
	lines lineQueue
	comma byte
	quote byte
	want  int // fields of a row, from the header; 0 before it
	row   []string
}

func newCSVReader(r io.Reader, comma, quote byte) *csvReader {
	return &csvReader{lines: lineQueue{r: bufio.NewReaderSize(r, 1<<16)}, comma: comma, quote: quote}
}

func (c *csvReader) line() int { return c.lines.number }

// next returns the next row that is not blank; io.EOF after the last.
func (c *csvReader) next() (rawRow, error) {
	for {
		first, err := c.lines.peek(0)
		if err != nil {
			return rawRow{}, err
		}
		if first != "" {
			return c.read(first)
		}
		c.lines.drop(1)
	}
}

// read reads the row that starts with the line first.
func (c *csvReader) read(first string) (rawRow, error) {
	row := rawRow{line: c.lines.number}
	text, used := first, 1
	for {
		fields, state := c.split(text)
		if state == quoteOpen && used < longestQuote {
			more, err := c.lines.peek(used)
			if err == nil {
				text, used = text+"\n"+more, used+1
				continue
			}
			if !errors.Is(err, io.EOF) {
				return rawRow{}, err
			}
		}
		row.fields, row.fault = fields, c.faultOf(text, len(fields), state)
		break
	}
	if row.fault != "" {
		used = 1 // what follows is read again, as rows of its own
	}
	c.lines.drop(used)
	return row, nil
}

func (c *csvReader) faultOf(text string, fields int, state quoteState) string {
	switch {
	case state != quoteClosed:
		return "quotes do not match"
	case !utf8.ValidString(text):
		return "not UTF-8"
	case len(text) >= longestLine:
		return "line too long"
	case c.want > 0 && fields != c.want:
		return fmt.Sprintf("%d fields instead of %d", fields, c.want)
	}
	return ""
}

type quoteState int

const (
	quoteClosed quoteState = iota // every quote has its end
	quoteOpen                     // the text ends within quotes
	quoteStray                    // a quote within a bare field, or text after quotes
)

// split cuts text into fields. They share its memory unless quotes are doubled.
func (c *csvReader) split(text string) ([]string, quoteState) {
	c.row = c.row[:0]
	for {
		var field string
		if text != "" && text[0] == c.quote {
			inside, rest, ok := quoted(text[1:], c.quote)
			if !ok {
				return c.row, quoteOpen
			}
			if rest != "" && rest[0] != c.comma {
				return c.row, quoteStray
			}
			field, text = inside, rest
		} else {
			end := strings.IndexByte(text, c.comma)
			if end < 0 {
				end = len(text)
			}
			field, text = text[:end], text[end:]
			if strings.IndexByte(field, c.quote) >= 0 {
				return c.row, quoteStray
			}
		}
		c.row = append(c.row, field)
		if text == "" {
			return c.row, quoteClosed
		}
		text = text[1:]
	}
}

// quoted reads up to the closing quote; a doubled quote is one of the text.
func quoted(s string, quote byte) (inside, rest string, ok bool) {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], quote)
		if i < 0 {
			return "", "", false
		}
		i += from
		if i+1 < len(s) && s[i+1] == quote {
			from = i + 2
			continue
		}
		one := string(quote)
		return strings.ReplaceAll(s[:i], one+one, one), s[i+1:], true
	}
}

// lineQueue reads physical lines and keeps those that were looked at but not used.
type lineQueue struct {
	r      *bufio.Reader
	ahead  []string
	number int // of the first line not dropped, from 1; 0 before the first look
	err    error
}

// peek returns the n-th line from here without its end, cut at longestLine.
func (q *lineQueue) peek(n int) (string, error) {
	if q.number == 0 {
		q.number = 1
	}
	for len(q.ahead) <= n {
		if q.err != nil {
			return "", q.err
		}
		line, err := q.line()
		if err != nil {
			q.err = err
			continue
		}
		q.ahead = append(q.ahead, line)
	}
	return q.ahead[n], nil
}

func (q *lineQueue) drop(n int) {
	q.ahead = append(q.ahead[:0], q.ahead[n:]...)
	q.number += n
}

func (q *lineQueue) line() (string, error) {
	var long []byte
	for {
		part, err := q.r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, part[:min(len(part), longestLine-len(long))]...)
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(part)+len(long) == 0) {
			return "", err
		}
		if long != nil {
			part = append(long, part[:min(len(part), longestLine-len(long))]...)
		}
		return string(bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r"))), nil
	}
}
