// Package eventschemas is the wire form of events: the registry of types and
// versions, the codec, the envelope in each event's metadata, sealed personal
// fields, JSON Schemas and their lock, and upcasters.
//
// It never reads a clock, a store or a key. Domain event structs with json
// tags are the wire form of the newest version; schemas are generated from
// them and frozen by schemas.lock. The rules are AUD-01 and AUD-07.
package eventschemas

//go:generate go run ./schemagen
