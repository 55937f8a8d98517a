package redisstore

import "github.com/redis/go-redis/v9"

// The scripts. Each touches KEYS[1] alone. Numbers of microseconds stay exact:
// a Lua number holds integers up to 2^53, which is the year 2255.

// What the scripts return.
const (
	absent   = 0 // or not the caller's: nothing changed
	done     = 1
	conflict = 2 // the grant was used before and is gone; the interaction changed
)

// now is the beginning of a script that needs the time.
const now = `local t=redis.call('TIME') local now=t[1]*1000000+t[2] `

// tombstone is the end of a script that revokes: it keeps the key taken for a
// minute, longer than any call that may be making the record can take.
const tombstone = ` redis.call('DEL',KEYS[1]) redis.call('HSET',KEYS[1],'z','') redis.call('PEXPIRE',KEYS[1],60000) `

// createGrant: life, idle life (0 for none), latest end as a length (0 for none), then fields and values. Returns
// the time of creation, 0 when the key is taken.
var createGrant = redis.NewScript(now + `
if redis.call('EXISTS',KEYS[1])==1 then return 0 end
local x=now+ARGV[1]
redis.call('HSET',KEYS[1],'t',now,'x',x,unpack(ARGV,4))
if tonumber(ARGV[2])>0 then redis.call('HSET',KEYS[1],'y',math.min(now+ARGV[2],x)) end
if tonumber(ARGV[3])>0 then redis.call('HSET',KEYS[1],'e',now+ARGV[3]) end
redis.call('PEXPIREAT',KEYS[1],math.floor(x/1000))
return now`)

// redeemCode: client, generation, idle life, life, the longest life of any grant.
var redeemCode = redis.NewScript(now + `
local v=redis.call('HMGET',KEYS[1],'s','c','t','e')
if not v[1] or v[2]~=ARGV[1] then return 0 end
if v[1]~='c' then redis.call('DEL',KEYS[1]) return 2 end
local x=math.min(now+ARGV[4],v[4] or v[3]+ARGV[5])
redis.call('HSET',KEYS[1],'s','a','n',ARGV[2],'x',x)
if tonumber(ARGV[3])>0 then redis.call('HSET',KEYS[1],'y',math.min(now+ARGV[3],x)) else redis.call('HDEL',KEYS[1],'y') end
redis.call('PEXPIREAT',KEYS[1],math.floor(x/1000))
return 1`)

// rotateRefresh: client, generation, watermark, grace, idle life of the
// successor. Returns the grant when there is a successor.
var rotateRefresh = redis.NewScript(now + `
local v=redis.call('HMGET',KEYS[1],'s','c','n','r','t','x','y')
if v[1]~='a' or v[2]~=ARGV[1] or not v[7] then return 0 end
local n,g=tonumber(v[3] or 0),tonumber(ARGV[2])
if n<1 or now>=tonumber(v[7]) or tonumber(v[5])<tonumber(ARGV[3]) then return 0 end
if g>=n then
redis.call('HSET',KEYS[1],'n',g+1,'r',now,'y',math.min(now+ARGV[5],v[6]))
elseif g~=n-1 or not v[4] or now-v[4]>tonumber(ARGV[4]) then
redis.call('DEL',KEYS[1]) return 2
end
return redis.call('HGETALL',KEYS[1])`)

// denyToken: jti. HSET keeps the life of the key.
var denyToken = redis.NewScript(`
if redis.call('HEXISTS',KEYS[1],'s')==0 then return 0 end
redis.call('HSET',KEYS[1],'d:'..ARGV[1],'')
return 1`)

// endGrant: client ("" for any), "1" to spare offline grants whose code was
// redeemed. Returns whether the grant is gone.
var endGrant = redis.NewScript(`
local v=redis.call('HMGET',KEYS[1],'s','c','o')
if v[1] and ((ARGV[1]~='' and v[2]~=ARGV[1]) or (ARGV[2]=='1' and v[1]=='a' and v[3])) then return 0 end` +
	tombstone + `return 1`)

// listGrant: grant, how long to keep the list (ms), the longest life of any
// grant, the age from which a name may be looked at. Returns names to look at, at every 32nd.
var listGrant = redis.NewScript(now + `
redis.call('ZREMRANGEBYSCORE',KEYS[1],'-inf',now-ARGV[3])
redis.call('ZADD',KEYS[1],now,ARGV[1])
if redis.call('PTTL',KEYS[1])<tonumber(ARGV[2]) then redis.call('PEXPIRE',KEYS[1],ARGV[2]) end
local old={}
if redis.call('ZCARD',KEYS[1])%32==0 then
local some=redis.call('ZRANDMEMBER',KEYS[1],64,'WITHSCORES')
for i=1,#some,2 do if tonumber(some[i+1])<now-ARGV[4] then old[#old+1]=some[i] end end
end
return old`)

// createRecord: end (ms), then fields and values. Returns 0 when the key is taken.
var createRecord = redis.NewScript(`
if redis.call('EXISTS',KEYS[1])==1 then return 0 end
redis.call('HSET',KEYS[1],unpack(ARGV,2))
redis.call('PEXPIREAT',KEYS[1],ARGV[1])
return 1`)

// touchSession: last seen, idle end.
var touchSession = redis.NewScript(`
local x=redis.call('HGET',KEYS[1],'x')
if not x then return 0 end
redis.call('HSET',KEYS[1],'l',ARGV[1],'i',ARGV[2])
redis.call('PEXPIREAT',KEYS[1],math.floor(math.min(x,ARGV[2])/1000))
return 1`)

// endSession returns the facts of the session that it ended, or "".
var endSession = redis.NewScript(`local j=redis.call('HGET',KEYS[1],'j')` + tombstone + `return j or ''`)

// listSession: digest, its end, a digest to forget ("" for none). The list lives as long as the longest of its sessions.
var listSession = redis.NewScript(now + `
redis.call('ZREMRANGEBYSCORE',KEYS[1],'-inf',now)
if ARGV[3]~='' then redis.call('ZREM',KEYS[1],ARGV[3]) end
local ms=math.ceil((ARGV[2]-now)/1000)
if ms<=0 then return 0 end
redis.call('ZADD',KEYS[1],ARGV[2],ARGV[1])
if redis.call('PTTL',KEYS[1])<ms then redis.call('PEXPIRE',KEYS[1],ms) end
return 1`)

// listLive: name, how long it lives (us), "1" to change only one that is listed. A
// list of what lives is kept as long as the longest of it, and rid of what has ended.
var listLive = redis.NewScript(now + `
if ARGV[3]=='1' and not redis.call('ZSCORE',KEYS[1],ARGV[1]) then return 0 end
redis.call('ZREMRANGEBYSCORE',KEYS[1],'-inf',now)
local ms=math.ceil(ARGV[2]/1000)
if ms<=0 then redis.call('ZREM',KEYS[1],ARGV[1]) return 0 end
redis.call('ZADD',KEYS[1],now+ARGV[2],ARGV[1])
if redis.call('PTTL',KEYS[1])<ms then redis.call('PEXPIRE',KEYS[1],ms) end
return 1`)

// updateInteraction: version, end (ms), then fields and values.
var updateInteraction = redis.NewScript(`
local v=redis.call('HGET',KEYS[1],'v')
if not v then return 0 end
if v~=ARGV[1] then return 2 end
redis.call('HSET',KEYS[1],'v',v+1,unpack(ARGV,3))
redis.call('PEXPIREAT',KEYS[1],ARGV[2])
return 1`)

// countTry: limit, window (ms). Returns how long to wait (ms).
var countTry = redis.NewScript(`
local n=redis.call('INCR',KEYS[1])
local left=redis.call('PTTL',KEYS[1])
if left<0 then left=tonumber(ARGV[2]) redis.call('PEXPIRE',KEYS[1],left) end
if n>tonumber(ARGV[1]) then return math.max(left,1) end
return 0`)

// forgiveTry takes one back. An empty counter goes, so that the next try begins a window.
var forgiveTry = redis.NewScript(`
local n=tonumber(redis.call('GET',KEYS[1]) or 0)
if n>1 then redis.call('DECR',KEYS[1]) elseif n==1 then redis.call('DEL',KEYS[1]) end
return 1`)
