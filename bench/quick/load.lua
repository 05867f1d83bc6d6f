-- wrk's script: posts the same chat completion over and over and, in the middle of the run, reads what the proxy
-- under test has used. The two readings lie a whole number of cycles apart (a cycle: one request on every connection)
-- and in the middle of one, so that as many requests are under way at the first as at the second: connecting, warming
-- up and taking down are left out, and unfinished streams cancel out.
--
-- CPU time is the process's own CPU clock: user and system time of all its threads, in nanoseconds, where
-- /proc/PID/stat counts in steps of 10 ms. It works in one thread (wrk -t1). Settings come from the environment.
local ffi = require("ffi")
ffi.cdef [[
  struct bench_time { long seconds; long nanoseconds; };
  int clock_gettime(int clock, struct bench_time *time);
  int clock_getcpuclockid(int pid, int *clock);
  int getpid(void);
  int kill(int pid, int signal);
]]

local kMonotonic, kInterrupt = 1, 2
local pid = tonumber(os.getenv("LOAD_PID"))
local connections = tonumber(os.getenv("LOAD_CONNECTIONS"))
local warm_up = tonumber(os.getenv("LOAD_WARM_UP"))
local window = tonumber(os.getenv("LOAD_SECONDS"))

local message, cpu_clock, began, opened
local sent, cycles = 0, 0
local the_thread  -- of the main state, for done()
reading = ""      -- global, for done(): the figures of the window, once it is closed

local function read_clock(clock)
  local time = ffi.new("struct bench_time")
  assert(ffi.C.clock_gettime(clock, time) == 0, "a clock can be read")
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local function contents(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

-- A field of /proc/PID/status, in kB.
local function memory(status, name) return tonumber(status:match(name .. ":%s+(%d+) kB")) end

-- TCP segments that carried data, sent by anyone on this machine: two for each event that a proxy relays on its own.
local function segments_sent()
  local names, values = contents("/proc/net/netstat"):match("TcpExt:([^\n]*)\nTcpExt:([^\n]*)")
  values = values:gmatch("%S+")
  for name in names:gmatch("%S+") do
    local value = values()
    if name == "TCPOrigDataSent" then return tonumber(value) end
  end
end

local function read_all(now)
  return { time = now, cpu = read_clock(cpu_clock), sent = sent, segments = segments_sent() }
end

local function close(now)
  local last = read_all(now)
  local status = contents("/proc/" .. pid .. "/status")
  reading = string.format("%d %.6f %.6f %d %d %d", last.sent - opened.sent, last.time - opened.time,
    last.cpu - opened.cpu, last.segments - opened.segments, memory(status, "VmRSS"), memory(status, "VmHWM"))
  ffi.C.kill(ffi.C.getpid(), kInterrupt)  -- wrk's own way to end before its time
end

-- Once a cycle. The window ends where a cycle does, nearest to the length that was asked for.
local function look()
  local now = read_clock(kMonotonic)
  began = began or now
  if not opened then
    if sent > connections and now - began >= warm_up then opened = read_all(now) end
    return
  end
  cycles = cycles + 1
  local cycle = (now - opened.time) / cycles
  if now + cycle / 2 >= opened.time + window then close(now) end
end

function setup(thread) the_thread = thread end

function init()
  local clock = ffi.new("int[1]")
  assert(ffi.C.clock_getcpuclockid(pid, clock) == 0, "the process is there")
  cpu_clock = clock[0]
  local fields = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer sk-bench" }
  for name, value in os.getenv("LOAD_FIELDS"):gmatch("(%S+)=(%S+)") do fields[name] = value end
  message = wrk.format("POST", nil, fields, contents(os.getenv("LOAD_BODY_FILE")))
end

function request()
  sent = sent + 1
  if reading == "" and sent % connections == math.floor(connections / 2) then look() end
  return message
end

-- One line for the caller: answers, errors of any kind, then the reading.
function done(summary)
  local errors = summary.errors
  print(string.format("load %d %d %s", summary.requests,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status, the_thread:get("reading")))
end
