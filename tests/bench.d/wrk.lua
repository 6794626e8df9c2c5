-- What wrk sends:	wrk … -s wrk.lua URL -- [FILE EVENTS [fresh]]
--
-- Without FILE: GET. Else POST of FILE, which has EVENTS events, one a line if
-- there are several; fresh: each @ becomes a number that was never sent before.
-- Prints pages or stored events a second; p50 and p99 in ms; how many requests
-- failed, or events of a batch were not stored; all requests; those that were
-- answered well; and what they stored.
local threads = {}

function setup(thread)
	thread:set("number", #threads)
	table.insert(threads, thread)
end

-- The next number for a @. os.time() separates runs, each of which sends fewer than
-- 100,000,000 events.
local function counter()
	local last = ((os.time() % 1000000) * 8 + number) * 100000000
	return function()
		last = last + 1
		return string.format("%.0f", last)
	end
end

local function count(status, _, body)
	if status < 400 then
		local n = tonumber(body:match('"stored": *(%d+)') or 0)
		stored = stored + n
		missing = missing + events - n
	end
end

function init(args)
	stored, missing, events = 0, 0, tonumber(args[2] or 1)
	if not args[1] then
		return
	end
	local file = assert(io.open(args[1]))
	wrk.method = "POST"
	wrk.body = file:read("*a")
	file:close()
	wrk.headers["Content-Type"] = events > 1 and "application/x-ndjson"
	    or "application/json"
	if events > 1 then
		response = count
	end
	if args[3] then
		local body, fresh = wrk.body, counter()
		request = function()
			return wrk.format(nil, nil, nil, (body:gsub("@", fresh)))
		end
	end
end

function done(summary, latency)
	local e = summary.errors
	local failed = e.status + e.connect + e.read + e.write + e.timeout
	local good = summary.requests - e.status
	local all = good
	if threads[1]:get("events") > 1 then
		all = 0
		for _, thread in ipairs(threads) do
			all = all + thread:get("stored")
			failed = failed + thread:get("missing")
		end
	end
	io.write(string.format("RESULT %.1f %.3f %.3f %d %d %d %d\n",
	    all / summary.duration * 1e6, latency:percentile(50) / 1e3,
	    latency:percentile(99) / 1e3, failed, summary.requests, good, all))
end
