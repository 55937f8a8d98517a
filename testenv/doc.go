// Package testenv starts the real servers that tests need: Postgres and Redis
// in temporary folders, on free loopback ports, and Chromium without a window.
//
// It owns finding the programs, starting and stopping them and handing out
// empty databases. What the tests do with them is theirs.
//
//	Postgres(tb)       an empty database on the server shared by the test process
//	PostgresServer(tb) a server of its own, for tests that stop or kill it
//	Redis(tb), RedisServer(tb)  likewise for Redis
//	RedisCluster(tb), RedisSentinel(tb), RedisTLS(tb)  its other forms
//	Browser(tb)        a browser with an empty profile; Axe(tb) the accessibility checks to run in it
//
// A shared server dies with its test process, however that ends: the kernel
// signals it, and a small shell that waits on a pipe removes its folder.
// TEST_DATABASE_URL and TEST_REDIS_URL take the place of the shared servers.
package testenv
