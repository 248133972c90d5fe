package readmodel

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// kind is a column's type. A value of a column is nil (NULL) or: string for
// text, date and json (its text), int64, bool, time.Time, uuid.UUID, []byte.
type kind int

const (
	text kind = iota
	date
	jsonb
	bigint
	boolean
	timestamptz
	uuidType
	bytea
)

var sqlTypes = map[kind]string{
	text: "text", date: "date", jsonb: "jsonb", bigint: "bigint", boolean: "boolean",
	timestamptz: "timestamptz", uuidType: "uuid", bytea: "bytea",
}

type column struct {
	name     string
	kind     kind
	nullable bool
	// The rest is for columns that come from a struct field.
	field   int
	typ     reflect.Type // of the value, without the pointer
	pointer bool
	zeroNil bool // the zero value is NULL
	grows   bool // a list that is mostly appended to: a closed version may say only how long it was
}

func keyColumn(name string, k kind) column { return column{name: name, kind: k} }

var (
	nameShape   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)
	timeType    = reflect.TypeFor[time.Time]()
	instantType = reflect.TypeFor[domain.Instant]()
	dayType     = reflect.TypeFor[domain.Day]()
	uuidGoType  = reflect.TypeFor[uuid.UUID]()
)

// columnsOf returns the columns that the tags of a struct declare.
func columnsOf(t reflect.Type) ([]column, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", t)
	}
	var out []column
	seen := map[string]bool{}
	for i := range t.NumField() {
		c, err := columnOf(t.Field(i))
		if err != nil {
			return nil, fmt.Errorf("field %s of %v: %w", t.Field(i).Name, t, err)
		}
		if seen[c.name] {
			return nil, fmt.Errorf("column %s of %v is there twice", c.name, t)
		}
		seen[c.name] = true
		c.field = i
		out = append(out, c)
	}
	return out, nil
}

func columnOf(f reflect.StructField) (column, error) {
	name, option, _ := strings.Cut(f.Tag.Get("db"), ",")
	if !f.IsExported() || !nameShape.MatchString(name) {
		return column{}, errors.New("a column needs an exported field with a db tag in lower case")
	}
	c := column{name: name, typ: f.Type}
	if f.Type.Kind() == reflect.Pointer {
		c.pointer, c.nullable, c.typ = true, true, f.Type.Elem()
	}
	switch option {
	case "":
		c.kind = kindOf(c.typ)
	case "json":
		c.kind = jsonb
	case "grows":
		c.kind, c.grows = jsonb, true
		if c.pointer || c.typ.Kind() != reflect.Slice {
			return column{}, errors.New("only a list grows")
		}
	case "null":
		c.kind, c.zeroNil, c.nullable = kindOf(c.typ), true, true
	default:
		return column{}, fmt.Errorf("option %q is not known", option)
	}
	if c.kind == bigint && c.typ.Kind() >= reflect.Uint && c.typ.Kind() <= reflect.Uint64 {
		return column{}, errors.New("unsigned columns do not exist")
	}
	return c, nil
}

func kindOf(t reflect.Type) kind {
	switch t {
	case timeType, instantType:
		return timestamptz
	case dayType:
		return date
	case uuidGoType:
		return uuidType
	}
	switch t.Kind() { //nolint:exhaustive // all others are json
	case reflect.String:
		return text
	case reflect.Bool:
		return boolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return bigint
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytea
		}
	}
	return jsonb
}

// value reads the column from a row.
func (c *column) value(row reflect.Value) (any, error) {
	v := row.Field(c.field)
	if c.pointer {
		if v.IsNil() {
			return nil, nil //nolint:nilnil // nil is NULL
		}
		v = v.Elem()
	}
	if c.zeroNil && v.IsZero() {
		return nil, nil //nolint:nilnil // nil is NULL
	}
	switch c.kind {
	case text:
		return v.String(), nil
	case date:
		if _, err := time.Parse(time.DateOnly, v.String()); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		return v.String(), nil
	case bigint:
		return v.Int(), nil
	case boolean:
		return v.Bool(), nil
	case timestamptz:
		if c.typ == instantType {
			return v.Field(0).Interface().(time.Time).UTC(), nil
		}
		return v.Interface().(time.Time).UTC(), nil
	case uuidType:
		return v.Interface().(uuid.UUID), nil
	case bytea:
		if v.IsNil() {
			return []byte{}, nil
		}
		return v.Bytes(), nil
	case jsonb:
		b, err := json.Marshal(v.Interface())
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		return string(b), nil
	}
	return nil, fmt.Errorf("column %s has no kind", c.name)
}

// set writes a value of the column into a row.
func (c *column) set(row reflect.Value, value any) error {
	v := row.Field(c.field)
	if value == nil {
		v.SetZero()
		return nil
	}
	if c.pointer {
		v.Set(reflect.New(c.typ))
		v = v.Elem()
	}
	switch c.kind {
	case text, date:
		v.SetString(value.(string))
	case bigint:
		v.SetInt(value.(int64))
	case boolean:
		v.SetBool(value.(bool))
	case timestamptz:
		if c.typ == instantType {
			v = v.Field(0)
		}
		v.Set(reflect.ValueOf(value.(time.Time).UTC()))
	case uuidType:
		v.Set(reflect.ValueOf(value.(uuid.UUID)))
	case bytea:
		v.SetBytes(value.([]byte))
	case jsonb:
		if err := json.Unmarshal([]byte(value.(string)), v.Addr().Interface()); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	return nil
}

// sameList reports that two rows share a list. A fold does not write into what
// a row refers to, so the json of both is the same.
func (c *column) sameList(a, b reflect.Value) bool {
	if c.kind != jsonb || c.pointer || c.typ.Kind() != reflect.Slice {
		return false
	}
	a, b = a.Field(c.field), b.Field(c.field)
	return a.IsNil() == b.IsNil() && a.Len() == b.Len() && (a.Len() == 0 || a.UnsafePointer() == b.UnsafePointer())
}

// canonicalJSON gives the bytes that value would have produced, whatever
// spacing and key order PostgreSQL gave it. Keys that the type does not have
// are an error: somebody else wrote them.
func (c *column) canonicalJSON(s string) (string, error) {
	v := reflect.New(c.typ)
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Interface()); err != nil {
		return "", fmt.Errorf("column %s: %w", c.name, err)
	}
	b, err := json.Marshal(v.Elem().Interface())
	if err != nil {
		return "", fmt.Errorf("column %s: %w", c.name, err)
	}
	return string(b), nil
}

// appendCanonical appends a value so that no two lists of values have the same bytes.
func appendCanonical(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, 'n')
	case string:
		b = append(b, 's')
		b = binary.BigEndian.AppendUint32(b, uint32(len(v))) //nolint:gosec // far below 4 GiB
		return append(b, v...)
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v)) //nolint:gosec // bits as they are
	case bool:
		if v {
			return append(b, 't')
		}
		return append(b, 'f')
	case time.Time:
		return binary.BigEndian.AppendUint64(append(b, 'm'), uint64(v.UnixMicro()))
	case uuid.UUID:
		return append(append(b, 'u'), v[:]...)
	case []byte:
		b = append(b, 'b')
		b = binary.BigEndian.AppendUint32(b, uint32(len(v))) //nolint:gosec // far below 4 GiB
		return append(b, v...)
	default:
		panic(fmt.Sprintf("readmodel: value of type %T", value))
	}
}

// rowCodec turns rows of one struct type into values and back.
type rowCodec struct {
	typ  reflect.Type
	cols []column
}

func newRowCodec(t reflect.Type) (rowCodec, error) {
	cols, err := columnsOf(t)
	return rowCodec{typ: t, cols: cols}, err
}

// values appends the values of row, a struct, to out.
func (rc *rowCodec) values(row reflect.Value, out []any) ([]any, error) {
	for i := range rc.cols {
		v, err := rc.cols[i].value(row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// valuesAfter is values of a row that follows another, whose values are known.
func (rc *rowCodec) valuesAfter(before reflect.Value, known []any, row reflect.Value, out []any) ([]any, error) {
	for i := range rc.cols {
		if rc.cols[i].sameList(before, row) {
			out = append(out, known[i])
			continue
		}
		v, err := rc.cols[i].value(row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// fill sets row, an addressable struct, from values.
func (rc *rowCodec) fill(row reflect.Value, values []any) error {
	for i := range rc.cols {
		if err := rc.cols[i].set(row, values[i]); err != nil {
			return err
		}
	}
	return nil
}
