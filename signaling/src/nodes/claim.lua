-- Enters a route into the directory, if the claim to it is good enough: see `Claim` in hub.rs.
-- One step, so that of two nodes that claim at once each knows what the other was told; and with
-- the clock of Redis, so that those of the nodes need not agree.
local process, node, claim = ARGV[1], ARGV[2], ARGV[3]
local standing, proven = tonumber(ARGV[4]), ARGV[5] == '1'
local age, ttl = tonumber(ARGV[6]), ARGV[7]
local RESERVED, CONFIRMED = 0, 2

local time = redis.call('TIME')
local since = time[1] * 1000000 + time[2] - age
local held = redis.call('HMGET', KEYS[1], 'process', 'node', 'claim', 'standing', 'since')
local anybody, own = held[1], held[1] == process
local displaced = {}
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
    displaced = {held[2], held[3]}
end
redis.call('HSET', KEYS[1], 'process', process, 'node', node, 'claim', claim,
    'standing', standing, 'since', string.format('%.0f', since))
redis.call('PEXPIRE', KEYS[1], ttl)
return {'granted', unpack(displaced)}
