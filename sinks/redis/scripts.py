"""The one Lua script: Redis runs it whole, so between look and write nothing comes."""

# KEYS: the value, its guard (a hash). The value is made of parts with clocks of their own (a trade has the venue's time, Binance's quote the time of
# receipt), each guarded by itself; a part of another source replaces all parts, if it is not older than any of them: no value mixes venues.
# ARGV: 1 part, 2 order (fixed width, so text compares like numbers; Lua's numbers cannot hold nanoseconds), 3 source, 4 head and 5 body (members of
# a JSON object), 6 lifetime of the value, 7 of the guard, 8 the other part's name or '', 9 the other part's body while it is absent.
# Returns 1 if written, 0 if something newer is there.
GUARDED_WRITE = """
local value, guard = KEYS[1], KEYS[2]
local part, order, source, head, body, other = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[8]
local known = redis.call('HMGET', guard, part, other .. '', 'source', other .. '.head', other .. '.body')
local mine, theirs = known[1] or '', (other ~= '' and known[2]) or ''
if known[3] and known[3] ~= source then
    if order < mine or order < theirs then return 0 end
    redis.call('DEL', guard)
    theirs = ''
elseif order < mine then
    return 0
end
redis.call('HSET', guard, part, order, part .. '.head', head, part .. '.body', body, 'source', source)
redis.call('EXPIRE', guard, ARGV[7])
local members = body
if other ~= '' then
    if theirs == '' then
        members = members .. ',' .. ARGV[9]
    else
        members = members .. ',' .. known[5]
        if theirs > order then head = known[4] end
    end
end
redis.call('SET', value, '{' .. head .. ',' .. members .. '}', 'EX', ARGV[6])
return 1
"""
