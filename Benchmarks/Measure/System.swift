#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Nanoseconds of the monotonic clock.
@inline(__always) func nanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// Ends the process with a line on standard error.
func fail(_ reason: String) -> Never {
  put(2, "bench: \(reason)\n")
  ChildProcess.stopAll()
  exit(1)
}

/// A line on standard output, out at once.
func announce(_ line: String = "") { put(1, line + "\n") }

private func put(_ descriptor: Int32, _ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var sent = 0
    while sent < bytes.count {
      let result = write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
      if result <= 0 { return }
      sent += result
    }
  }
}

/// The numbers in a file of `/proc`, separated by blanks; empty where there is none.
func numbers(in path: String) -> [Int] {
  contents(of: path).split(whereSeparator: { $0 == " " || $0 == "\n" }).map { Int($0) ?? 0 }
}

func contents(of path: String) -> String {
  let descriptor = open(path, O_RDONLY)
  if descriptor < 0 { return "" }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = read(descriptor, &bytes, bytes.count)
  return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
}

/// Resident bytes of a process, 0 where the system does not say.
func residentBytes(of pid: pid_t) -> Int {
  let fields = numbers(in: "/proc/\(pid)/statm")
  return fields.count > 1 ? fields[1] * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}

/// Nanoseconds of CPU that all threads of a process have used, `nil` where the system does not say.
func cpuNanoseconds(of pid: pid_t) -> UInt64? {
  #if os(Linux)
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return nil }
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  #else
    return nil
  #endif
}

/// The ticks of a process's CPU time, its own and those of its system calls; 0 where the system does not say.
func cpuTicks(of pid: pid_t) -> (user: Int, system: Int) {
  // The name of the program, in brackets, may have blanks.
  let fields = contents(of: "/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ") ?? []
  guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return (0, 0) }
  return (user, system)
}

/// This process.
var processID: pid_t { getpid() }

/// How many descriptors this process has open.
func openDescriptors() -> Int {
  guard let folder = opendir("/dev/fd") else { return 0 }
  defer { closedir(folder) }
  var count = -1  // the folder's own
  while let entry = readdir(folder) { if entry.pointee.d_name.0 != 0x2E { count += 1 } }
  return count
}

/// How many descriptors another process has open; 0 where the system does not say.
func openDescriptors(of pid: pid_t) -> Int {
  guard let folder = opendir("/proc/\(pid)/fd") else { return 0 }
  defer { closedir(folder) }
  var count = 0
  while let entry = readdir(folder) { if entry.pointee.d_name.0 != 0x2E { count += 1 } }
  return count
}

/// Blocks this thread.
func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1_000) }

/// Bytes of a file, 0 when it is not there.
func fileSize(_ path: String) -> Int {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// Lets the process hold as many descriptors as it may; returns how many those are.
@discardableResult func raiseDescriptorLimit() -> Int {
  #if canImport(Glibc)
    let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    let descriptors = RLIMIT_NOFILE
  #endif
  var limit = rlimit()
  if getrlimit(descriptors, &limit) == 0, limit.rlim_cur < limit.rlim_max {
    limit.rlim_cur = limit.rlim_max
    setrlimit(descriptors, &limit)
  }
  return Int(clamping: limit.rlim_cur)
}

/// Writes a file that is not there yet.
func writeFile(_ path: String, _ text: String) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
  if descriptor < 0 { fail("cannot write \(path)") }
  put(descriptor, text)
  close(descriptor)
}

/// Removes a file, or an empty folder.
func removeFile(_ path: String) { remove(path) }
