-- Takes a route out of the directory, if this process still holds it by this claim.
local held = redis.call('HMGET', KEYS[1], 'process', 'claim')
if held[1] == ARGV[1] and held[2] == ARGV[2] then
    return redis.call('DEL', KEYS[1])
end
return 0
