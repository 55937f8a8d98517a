// Package bench compares the running program with a floor: the smallest honest
// net/http program that does the work which cannot be avoided (floor_*_test.go).
// It contains no code of the product, and asserts nothing. bulk_test.go alone uses
// the product's rooms: BenchmarkImport and BenchmarkLists time them with 100,000
// people and events, without a floor.
//
// Figures of a shared machine move, so each is taken beside the floor's in the
// same run: both answer the same requests on the same stores, in turn, in short
// chunks, on 32 keep-alive connections. What counts is processor time, user and
// kernel, of the server and its stores; never that of the load generator. Of
// all chunks the median is reported:
//
//	µs/req        processor time of Gatehouse for one request
//	floor-µs/req  the same for the floor
//	stores-µs/req the part of it that Postgres and Redis took; likewise floor-stores-µs/req
//	ratio         floor / Gatehouse: 1 when nothing is wasted
//	req/s         what came through, with the load generator on the same processors
//
// "make bench" runs all of it. A part of it, or a longer run:
//
//	go test ./bench -run '^$' -bench 'Endpoints/redis/refresh' -benchtime 10s
//
// GATEHOUSE_BENCH_PROFILES=DIR saves a processor profile of each endpoint there.
// GATEHOUSE_BENCH_ENV="LOG_LEVEL=warn GOGC=200" gives Gatehouse further settings.
//
// The floors, beside HTTP, forms and JSON:
//
//	client_credentials  client secret by SHA-256, ES256 signature, one write
//	refresh             the same, the write is a compare-and-swap
//	code                the same and an RS256 signature
//	password            argon2id at 19 MiB, 2 passes, 1 lane; then as client_credentials
//	introspect          client secret, ES256 check, one read
//	userinfo            ES256 check, one read, the user from memory
//	jwks, metadata      ready bytes with an entity tag
//
// A cold token is presented once, so its signature must be checked. Warm ones
// are few; Gatehouse remembers their signatures, the floor does not.
package bench
