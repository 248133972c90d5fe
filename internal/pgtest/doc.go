// Package pgtest gives each test a PostgreSQL database of its own.
//
// A test process starts one private server, or uses the one that the variable
// FIELDLEDGER_TEST_POSTGRES names by an address whose role may create
// databases. A template database is migrated once; each test gets a clone of
// it that is dropped when the test ends, so tests run in parallel and see
// nothing of each other. The server ends with the process.
//
// It is for tests alone and never touches a database that it did not make.
package pgtest
