extension Dictionary where Key: Comparable {
  /// The values in the order of their keys.
  ///
  /// For everything that others can see happen one after the other: the order of a dictionary itself depends on addresses
  /// in memory, and so a run could not be repeated.
  package var valuesInOrder: [Value] { sorted { $0.key < $1.key }.map(\.value) }
}
