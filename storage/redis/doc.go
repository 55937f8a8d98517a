// Package redisstore keeps what expires in Redis: grants, browser sessions,
// sign-ins in progress, throttle counters and notes. One [Store] implements
// idp.GrantStore, idp.SessionStore, idp.InteractionStore, idp.ThrottleStore and
// idp.NoteStore on a single node, behind Sentinel, or on a Cluster.
//
// It owns the layout of the keys, the scripts and the mapping of failures to
// idp.ErrUnavailable. What the records mean is idp's; which backend is used is
// storage's.
//
// # Layout
//
//	gh:g:FID       hash    a grant: s state, c client, n generation, t created, x end, y idle end,
//	                       r rotated, e latest end, o offline, f0 f1 … facts (JSON), d:JTI a denied token
//	gh:u:USER      zset    the grants of a user, scored by creation
//	gh:s:SID       zset    the grants of a browser session, likewise
//	gh:ses:DIGEST  hash    a browser session: j facts (JSON), l last seen, i idle end, x end
//	gh:su:USER     zset    the sessions of a user, scored by their end
//	gh:i:ID        hash    a sign-in in progress: v version, j JSON, q the request
//	gh:t:KEY       string  a throttle counter
//	gh:n:KEY       string  a note
//	gh:lg          zset    the grants of all people, scored by their end
//	gh:ls          zset    all sessions, likewise
//
// Times are microseconds since 1970 by Redis TIME. A script touches exactly
// one key, so everything runs on a Cluster. Alone a script goes out as EVALSHA;
// inside a pipeline as EVAL, since EVALSHA cannot recover from NOSCRIPT there.
//
// # Revocation while a grant is made
//
// Deleting the record ends a grant; lists are read leniently. CreateGrant
// writes the lists first and the record last, in one pipeline (on a Cluster
// the nodes work side by side). So whatever lives is listed, and a failure half-way
// leaves at worst a listed name without a record, or a record whose id
// nobody was given. RevokeUser and RevokeSession put a tombstone, which lives for a
// minute, in the place of every record that the list names, also of those that
// are not there yet: a CreateGrant in flight then finds its key taken and fails.
// So a revocation ends each grant whose name it saw, and the others were made
// after it. Sessions are made and ended in the same way.
//
// When a code is redeemed, the lists cannot be reached (one key for each
// script, one round trip), and no one knows at the authorization how long the
// grant will live. The lists are therefore kept as long as any of their grants could live:
// a grant that is tied to a browser session until a day after the session's
// end, any other for 400 days; the redemption cuts the life of a grant to
// that. Names of dead grants are removed by every 32nd write to a list, which
// looks at a random sample.
//
// # Lists across people
//
// gh:lg and gh:ls are for those who look at everything. They are written in the
// pipelines that make, prolong and end records, so they cost no round trip, and
// nothing depends on them: a failure to write one fails no call. What has ended is cut off by
// each write; a name whose record went in another way (a replay, a
// session that ended a grant) goes when somebody reads the list.
//
// # Failure
//
// Any failure of Redis matches idp.ErrUnavailable; each call is bounded in
// time. Nothing is tried again on a single node or behind Sentinel: a command
// may have run although its answer was lost, and a code that is redeemed
// again looks like a replay. A Cluster client follows redirections and may
// repeat; each script then fails closed.
//
// Redis must not evict keys (maxmemory-policy noeviction): a revocation
// cannot find a grant whose list was evicted. Open warns if it may.
package redisstore
