-- Enters a route into the directory, if the claim to it is good enough: see `Claim` in hub/errand.rs.
-- One step, so that of two nodes that claim at once each knows what the other was told; and with
-- the clock of Redis, so that those of the nodes need not agree.
local process, node, claim = ARGV[1], ARGV[2], ARGV[3]
local standing, proven = tonumber(ARGV[4]), ARGV[5] == '1'
local age, ttl = tonumber(ARGV[6]), ARGV[7]
-- What the node is told that held it before: on which channel, and around the number of its claim.
local channels, before, after = ARGV[8], ARGV[9], ARGV[10]
local RESERVED, CONFIRMED = 0, 2

local time = redis.call('TIME')
local since = time[1] * 1000000 + time[2] - age
local held = redis.call('HMGET', KEYS[1], 'process', 'node', 'claim', 'standing', 'since')
local anybody, own = held[1], held[1] == process
if anybody and standing == RESERVED then
    return {'refused'}
end
if anybody and not own then
    local was, no_older = tonumber(held[4]), since >= tonumber(held[5])
    if was == CONFIRMED then
        if not (proven and no_older) then return {'refused'} end
    elseif was == RESERVED then
        if not proven then return {'refused'} end
    elseif not (proven or no_older) then
        return {'refused'}
    end
    redis.call('PUBLISH', channels .. held[2], before .. held[3] .. after)
end
redis.call('HSET', KEYS[1], 'process', process, 'node', node, 'claim', claim,
    'standing', standing, 'since', string.format('%.0f', since))
redis.call('PEXPIRE', KEYS[1], ttl)
return {'granted'}
