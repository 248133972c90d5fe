package readmodel

import "reflect"

// CanonicalJSON is the form of a json column that the digest counts.
func CanonicalJSON(stored string) (string, error) {
	c := column{name: "fuzzed", kind: jsonb, typ: reflect.TypeFor[struct {
		A string           `json:"a"`
		B []int64          `json:"b"`
		M map[string]int64 `json:"m"`
	}]()}
	return c.canonicalJSON(stored)
}

// CanonicalValues are the bytes of some values that the digest counts.
func CanonicalValues(values ...any) []byte {
	var b []byte
	for _, v := range values {
		b = appendCanonical(b, v)
	}
	return b
}

// GoesOn reports that a list, as json, begins with the elements of another.
func GoesOn(before, after string) bool { return goesOn(before, after) }
