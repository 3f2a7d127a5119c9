import Foundation
import Fuzzing

/// Resident memory at a tenth of a run and at its end, which must not be far apart.
struct MemoryWatch {
  private let name: String
  private let frames: Int
  private let start = Date()
  private var atTenth: Int?
  private var counts = FuzzCounts()

  /// What allocators and the sanitizer may keep without anything growing.
  private static let tolerance = 48 << 20

  init(_ name: String, frames: Int) {
    self.name = name
    self.frames = frames
  }

  mutating func look(_ done: Int) { if atTenth == nil, done >= frames / 10 { atTenth = Self.resident } }

  mutating func add(_ more: FuzzCounts) { counts += more }

  func finish(_ note: String) throws(FuzzFailure) {
    let end = Self.resident
    let tenth = atTenth ?? end
    var line = "\(name): \(frames) frames in \(Int(Date().timeIntervalSince(start))) s, memory "
    line += "\(tenth >> 20) MiB at 10 %, \(end >> 20) MiB at 100 %"
    if counts.started > 0 {
      line += "; \(counts.connections) connections; of \(counts.started) calls \(counts.ended) ended once, "
      line += "\(counts.lost) lost their connection"
    }
    say(note.isEmpty ? line : "\(line); \(note)")
    if end - tenth > Self.tolerance { throw FuzzFailure("\(name): memory grew by \((end - tenth) >> 20) MiB") }
  }

  private static var resident: Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }
}

/// A line on standard output, out before anything can crash.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
