package eventschemas

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ChainHash returns the hash by which the next event of the stream names e in
// its envelope's prev (AUD-06): hex SHA-256, 64 lower-case digits, over six
// fields in this order, each preceded by its length in bytes as an unsigned
// 64-bit big-endian number:
//
//  1. stream name, UTF-8
//  2. revision, unsigned 64-bit big-endian (length 8)
//  3. event id, the 16 bytes of the UUID in RFC 9562 order (length 16)
//  4. event type, UTF-8
//  5. data, as stored
//  6. metadata, as stored
//
// Created and Position are the store's own and not part of it.
func ChainHash(e Recorded) string {
	b := make([]byte, 0, 6*8+len(e.Stream)+8+16+len(e.Type)+len(e.Data)+len(e.Meta))
	b = appendField(b, []byte(e.Stream))
	b = appendField(b, binary.BigEndian.AppendUint64(nil, e.Revision))
	b = appendField(b, e.ID[:])
	b = appendField(b, []byte(e.Type))
	b = appendField(b, e.Data)
	b = appendField(b, e.Meta)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func appendField(b, field []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(field)))
	return append(b, field...)
}
