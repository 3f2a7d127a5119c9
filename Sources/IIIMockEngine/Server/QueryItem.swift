internal import III

/// A name and a value of a URL's query.
struct QueryItem: Equatable {
  let name: String
  let value: String

  /// All items of a query in their order, in the encoding of forms: `a=1&b=x+y`.
  static func all(of query: String) -> [QueryItem] {
    query.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return QueryItem(
        name: PercentEncoding.decode(parts[0], plusIsSpace: true),
        value: parts.count > 1 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : "")
    }
  }
}
