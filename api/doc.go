// Package api serves the use cases and the read models over HTTP.
//
// openapi.yaml comes first: routes, parameters and types are generated from
// it, and bodies are checked with schemas compiled from it. Handlers decode,
// call, encode and return errors; one function, problemFor, turns an error
// into an RFC 9457 problem. Every operation needs a verified token and a
// policy that permits it, but for health and the file itself; there is no
// switch for that. Nothing here decides a business rule, reads the machine's
// clock or tells a rejected value. What it needs of the read side it declares
// in queries.go, what it needs of others in ports.go.
//
// The rules are ORG-01, TKT-02, AUD-01, AUD-04, AUD-05, AUD-07 and AUD-08.
package api

//go:generate go tool -modfile=../.ci/tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml
