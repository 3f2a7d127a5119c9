import Foundation
import III

/// `bench coder`: the SDK's coder beside Foundation's, each shape of payload in one run.
enum CoderBench {
  static func run(_ arguments: inout Arguments) {
    let seconds = arguments.number("--seconds", otherwise: arguments.flag("--quick") ? 0.05 : 0.3)
    let filter = arguments.value("--only")
    arguments.finish()
    print("The coder beside Foundation's: MB/s of the SDK's coder, and how many times as fast as Foundation's it is")
    print(row("payload", "size", "decode", "ratio", "encode", "ratio"))
    var typical: [Ratio] = []
    var slower: [String] = []
    for shape in CoderCorpus.shapes() where filter.map(shape.name.contains) ?? true {
      let ratio = shape.measure(seconds: seconds)
      print(line(shape, ratio))
      if shape.isTypical { typical.append(ratio) }
      if ratio.decode < 1 || (ratio.encode ?? 1) < 1 { slower.append(shape.name) }
    }
    let decode = geometricMean(typical.map(\.decode))
    let encode = geometricMean(typical.compactMap(\.encode))
    print("typical payloads of 1 MB, geometric mean: decode \(fixed(decode)), encode \(fixed(encode)) (goal: 4 and 4)")
    print(slower.isEmpty ? "slower than Foundation: none" : "slower than Foundation: \(slower.joined(separator: ", "))")
  }

  /// What one shape came to.
  struct Ratio {
    /// Bytes of JSON a second.
    var decodeRate: Double
    var decode: Double
    var encodeRate: Double?
    var encode: Double?
  }

  private static func line(_ shape: CoderShape, _ ratio: Ratio) -> String {
    row(
      (shape.isTypical ? "* " : "  ") + shape.name, size(shape.count), megabytes(ratio.decodeRate), fixed(ratio.decode),
      ratio.encodeRate.map(megabytes) ?? "", ratio.encode.map(fixed) ?? "")
  }

  private static func row(_ cells: String...) -> String {
    zip(cells, [44, 8, 9, 7, 9, 7]).map { cell, width in
      let padding = String(repeating: " ", count: max(0, width - cell.count))
      return width == 44 ? cell + padding : padding + cell
    }.joined(separator: " ")
  }

  private static func size(_ count: Int) -> String { count < 10_000 ? "\(count) B" : "\(count / 1000) kB" }
  private static func megabytes(_ rate: Double) -> String { "\(Int((rate / 1e6).rounded()))" }
  private static func fixed(_ number: Double) -> String { String(format: "%.2f", number) }

  private static func geometricMean(_ numbers: [Double]) -> Double {
    numbers.isEmpty ? 1 : exp(numbers.map { log($0) }.reduce(0, +) / Double(numbers.count))
  }
}

/// A payload and the type that it is decoded into.
struct CoderShape {
  typealias Run = () throws -> Void

  let name: String
  /// Whether it counts for the mean: what workers usually send, about 1 MB of it.
  let isTypical: Bool
  let count: Int
  private let decodes: (ours: Run, theirs: Run)
  private let encodes: (ours: Run, theirs: Run)?

  /// A shape that is decoded from `json`, and encoded again if `encodes`.
  init<T: Codable>(_ name: String, _ type: T.Type, _ json: String, isTypical: Bool = false, encodes: Bool = true) {
    self.name = name
    self.isTypical = isTypical
    let bytes = Array(json.utf8)
    let data = Data(bytes)
    count = bytes.count
    let (encoder, decoder) = CoderShape.foundation()
    self.decodes = (
      { keep(try PayloadCoder.decode(type, from: bytes)) },
      { keep(try decoder.decode(type, from: data)) }
    )
    do {
      let value = try PayloadCoder.decode(type, from: bytes)
      self.encodes =
        encodes ? ({ keep(try PayloadCoder.encode(value, maxDepth: 512)) }, { keep(try encoder.encode(value)) }) : nil
    } catch {
      fail("\(name): \(error)")
    }
  }

  private static func foundation() -> (JSONEncoder, JSONDecoder) {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = .withoutEscapingSlashes
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return (encoder, decoder)
  }

  func measure(seconds: Double) -> CoderBench.Ratio {
    let decode = CoderShape.compare(decodes, seconds)
    let encode = encodes.map { CoderShape.compare($0, seconds) }
    return CoderBench.Ratio(
      decodeRate: Double(count) / decode.ours, decode: decode.theirs / decode.ours,
      encodeRate: encode.map { Double(count) / $0.ours }, encode: encode.map { $0.theirs / $0.ours })
  }

  /// Seconds a run, the best of some rounds in turn.
  private static func compare(_ pair: (ours: Run, theirs: Run), _ seconds: Double) -> (ours: Double, theirs: Double) {
    var best = (ours: Double.infinity, theirs: Double.infinity)
    for _ in 0..<5 {
      best.ours = min(best.ours, time(pair.ours, seconds / 10))
      best.theirs = min(best.theirs, time(pair.theirs, seconds / 10))
    }
    return best
  }

  /// Seconds of the fastest run. Short runs are counted in batches: a reading of the clock takes as long as some of them.
  private static func time(_ run: Run, _ seconds: Double) -> Double {
    let start = nanoseconds()
    var best = Double.infinity
    var batch = 1
    repeat {
      let began = nanoseconds()
      do {
        for _ in 0..<batch { try run() }
      } catch {
        fail("\(error)")
      }
      let elapsed = Double(nanoseconds() - began) / 1e9
      best = min(best, elapsed / Double(batch))
      if elapsed < 1e-4 { batch *= 4 }
    } while Double(nanoseconds() - start) / 1e9 < seconds
    return best
  }
}

/// Uses a value, so that making it is not optimized away.
@inline(never) private func keep<T>(_ value: T) {}
