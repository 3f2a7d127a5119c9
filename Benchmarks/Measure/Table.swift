/// The table that a run prints: the floor first, then every engine with its ratio to the floor.
struct Table {
  private var rows: [[String]]

  init(columns: [String]) {
    var header = ["figure", columns.first ?? ""]
    for name in columns.dropFirst() { header += [name, "ratio", "goal"] }
    rows = [header]
  }

  mutating func add(_ figure: Figure, _ values: [Double]) {
    func text(_ value: Double) -> String { value.text(figure.digits) + " " + figure.unit }
    let floor = values.first ?? 0
    var row = [figure.name, text(floor)]
    for value in values.dropFirst() {
      let ratio = value / floor
      row += [text(value), ratio.text(2), verdict(figure.goal, ratio)]
    }
    rows.append(row)
  }

  private func verdict(_ goal: Figure.Goal, _ ratio: Double) -> String {
    switch goal {
    case .atMost(let limit): (ratio <= limit ? "≤ " : "MISSED ≤ ") + limit.text(2)
    case .atLeast(let limit): (ratio >= limit ? "≥ " : "MISSED ≥ ") + limit.text(2)
    case .none: ""
    }
  }

  func print() {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += column == 0 ? cell + padding : "  " + padding + cell
      }
      announce(line)
    }
  }
}
