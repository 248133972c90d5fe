package eventnode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// metadataType is the type of events that the node writes to metadata streams.
const metadataType = "$metadata"

// streamMetadata is what the newest event of a metadata stream says. The zero
// value is "nothing set".
type streamMetadata struct {
	truncateBefore int64 // 0 for none, maxRevision for a deleted stream
	maxCount       int64 // 0 for none
	maxAgeSeconds  int64 // 0 for none
}

func (m streamMetadata) deleted() bool { return m.truncateBefore == maxRevision }

// lowest is the lowest readable revision of a stream whose newest is last.
func (m streamMetadata) lowest(last int64) int64 {
	lowest := m.truncateBefore
	if m.maxCount > 0 {
		lowest = max(lowest, last-m.maxCount+1)
	}
	return max(0, lowest)
}

// oldest is the creation time, in ticks, below which events are hidden.
func (m streamMetadata) oldest(now int64) int64 {
	const ticksPerSecond = 1e7
	if m.maxAgeSeconds == 0 || m.maxAgeSeconds > now/ticksPerSecond {
		return 0
	}
	return now - m.maxAgeSeconds*ticksPerSecond
}

// metadataOfStream is fixed: only its newest event is readable.
var metadataOfMetadata = streamMetadata{maxCount: 1}

// parseMetadata reads metadata. One invalid value makes the whole count as
// empty; values without sense (a count of 0) are ignored one by one.
func parseMetadata(isJSON bool, data []byte) streamMetadata {
	fields, ok := metadataFields(isJSON, data)
	if !ok {
		return streamMetadata{}
	}
	var m streamMetadata
	var cacheControl int64
	for key, into := range map[string]*int64{
		"$tb": &m.truncateBefore, "$maxCount": &m.maxCount, "$maxAge": &m.maxAgeSeconds, "$cacheControl": &cacheControl,
	} {
		raw, ok := fields[key]
		if !ok {
			continue
		}
		value, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return streamMetadata{}
		}
		*into = max(0, value)
	}
	if raw, ok := fields["$tmp"]; ok && !isBool(raw) {
		return streamMetadata{}
	}
	if raw, ok := fields["$acl"]; ok && !isACL(raw) {
		return streamMetadata{}
	}
	return m
}

func metadataFields(isJSON bool, data []byte) (map[string]json.RawMessage, bool) {
	if !isJSON {
		return nil, false
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil || fields == nil {
		return nil, false
	}
	return fields, true
}

func isBool(raw []byte) bool { return string(raw) == "true" || string(raw) == "false" }

// isACL tells whether raw is an access list: known keys, each a name or a list of names.
func isACL(raw []byte) bool {
	var acl map[string]json.RawMessage
	if err := json.Unmarshal(raw, &acl); err != nil || acl == nil {
		return false
	}
	for key, value := range acl {
		switch key {
		case "$r", "$w", "$d", "$mr", "$mw":
		default:
			return false
		}
		if !isNameOrNames(value) {
			return false
		}
	}
	return true
}

func isNameOrNames(raw []byte) bool {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return true
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil || entries == nil {
		return false
	}
	for _, entry := range entries {
		if !bytes.HasPrefix(entry, []byte(`"`)) {
			return false
		}
	}
	return true
}

// hasTruncation tells whether metadata, valid or not, asks to hide events.
func hasTruncation(isJSON bool, data []byte) bool {
	fields, _ := metadataFields(isJSON, data)
	for _, key := range []string{"$tb", "$maxCount", "$maxAge"} {
		if _, ok := fields[key]; ok {
			return true
		}
	}
	return false
}

// deletedMetadata is the whole metadata of a softly deleted stream.
func deletedMetadata() []byte {
	return fmt.Appendf(nil, `{"$tb":%d}`, int64(maxRevision))
}

// withTruncateBefore sets $tb in metadata and keeps its other keys. Metadata
// that is no JSON object cannot be changed.
func withTruncateBefore(isJSON bool, data []byte, revision int64) ([]byte, bool) {
	fields, ok := metadataFields(isJSON, data)
	if !ok {
		return nil, false
	}
	fields["$tb"] = strconv.AppendInt(nil, revision, 10)
	out, err := json.Marshal(fields)
	return out, err == nil
}
