/// Lines of cells in columns: the first to the left, the others to the right.
struct Table {
  private var rows: [[String]] = []

  mutating func add(_ cells: [String]) { rows.append(cells) }

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
