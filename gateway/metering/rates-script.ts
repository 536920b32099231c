/** This file holds the scripts that Redis runs for rate limits: all of a call's limits are looked at and taken in one step, by its clock. */

/**
 * KEYS: for each scope when its bucket of requests is empty, the same of tokens, and its open calls (a sorted set by expiry).
 * ARGV: the bucket in ms, the place ('' only looks), its life in ms, and for each scope what the call adds to both buckets in ms
 * (-1: no limit) and how many may be open (-1: no limit). Times are ms of Redis's own clock.
 * Gives [scope, kind, wait] for the first limit that refuses, counted from 0, or [-1, requests ahead, tokens ahead, open, …].
 */
export const ADMIT_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local bucket, place, life = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local empty = {}
local standing = { -1 }
for scope = 0, #KEYS / 3 - 1 do
  for kind = 1, 2 do
    local at = scope * 3 + kind
    local cost = tonumber(ARGV[3 + at])
    local before = math.max(tonumber(redis.call('GET', KEYS[at]) or now), now)
    if cost > bucket + 0.001 then return { scope, kind - 1, 'never' } end
    if cost >= 0 then
      local wait = before + cost - now - bucket
      if place ~= '' and wait > 0.001 then return { scope, kind - 1, string.format('%.3f', wait) } end
      empty[at] = before + cost
      before = before + cost
    end
    table.insert(standing, string.format('%.3f', before - now))
  end
  local at = scope * 3 + 3
  local most = tonumber(ARGV[3 + at])
  redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', now)
  local open = redis.call('ZCARD', KEYS[at])
  if place ~= '' and most >= 0 and open >= most then return { scope, 2, '0' } end
  table.insert(standing, (place ~= '' and most >= 0) and open + 1 or open)
end
if place == '' then return standing end
for at, ms in pairs(empty) do
  redis.call('SET', KEYS[at], string.format('%.4f', ms), 'PX', math.ceil(ms - now) + 1000)
end
for at = 3, #KEYS, 3 do
  if tonumber(ARGV[3 + at]) >= 0 then
    redis.call('ZADD', KEYS[at], now + life, place)
    redis.call('PEXPIRE', KEYS[at], life)
  end
end
return standing
`;

/** KEYS as above. ARGV: the place, and for each scope what is to be added to its bucket of tokens in ms; less than 0 takes out. */
export const LEAVE_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
for scope = 0, #KEYS / 3 - 1 do
  local more = tonumber(ARGV[2 + scope])
  if more ~= 0 then
    local key = KEYS[scope * 3 + 2]
    local ms = tonumber(redis.call('GET', key) or now)
    if more > 0 then ms = math.max(ms, now) end
    ms = ms + more
    if ms > now then redis.call('SET', key, string.format('%.4f', ms), 'PX', math.ceil(ms - now) + 1000) else redis.call('DEL', key) end
  end
  redis.call('ZREM', KEYS[scope * 3 + 3], ARGV[1])
end
return 1
`;

/** KEYS: sets of open calls. ARGV: their life in ms, and for each set the place in it that is still taken. */
export const RENEW_SCRIPT = `
local time = redis.call('TIME')
local ends = time[1] * 1000 + time[2] / 1000 + tonumber(ARGV[1])
for at = 1, #KEYS do
  redis.call('ZADD', KEYS[at], ends, ARGV[1 + at])
  redis.call('PEXPIRE', KEYS[at], ARGV[1])
end
return 1
`;
