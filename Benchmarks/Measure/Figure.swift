/// One line of a table: what is measured of every relay, and the ratio to the floor that it must reach.
struct Figure<Subject> {
  var name: String
  var unit: String
  var digits: Int
  var goal: Goal
  var measure: (Subject) -> Double

  /// The cells of its line: the floor's value, then of each engine its value, the ratio and the verdict.
  func cells(_ values: [Double]) -> [String] {
    func text(_ value: Double) -> String { value.text(digits) + " " + unit }
    let floor = values.first ?? .nan
    return [name, text(floor)]
      + values.dropFirst().flatMap { value in
        [text(value), (value / floor).text(2), goal.verdict(value / floor)]
      }
  }
}

extension Figure<Relay> {
  static func relayed(seconds: Double, calls: Int) -> [Figure] {
    [
      Figure(name: "round trip p50, window 1", unit: "µs", digits: 1, goal: .atMost(1.2)) {
        $0.roundTrip(count: calls)
      },
      Figure(name: "rate, window 16", unit: "/s", digits: 0, goal: .atLeast(0.5)) {
        $0.pipelined(window: 16, seconds: seconds).rate
      },
      Figure(name: "rate, window 256", unit: "/s", digits: 0, goal: .atLeast(0.35)) {
        $0.pipelined(window: 256, seconds: seconds).rate
      },
      Figure(name: "CPU a call, window 256", unit: "µs", digits: 2, goal: .atMost(6)) {
        $0.pipelined(window: 256, seconds: seconds).cpu ?? .nan
      },
    ]
  }
}

extension Figure<ChannelPair> {
  static func channels(seconds: Double) -> [Figure] {
    [
      Figure(name: "channel, messages of 64 KiB", unit: "MB/s", digits: 0, goal: .atLeast(0.9)) {
        $0.rate(bytes: 64 << 10, window: 32, seconds: seconds) * 65_536 / 1e6
      },
      Figure(name: "channel, messages of 300 bytes", unit: "/s", digits: 0, goal: .atLeast(0.7)) {
        $0.rate(bytes: 300, window: 512, seconds: seconds)
      },
    ]
  }
}
