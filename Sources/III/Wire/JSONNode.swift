/// A value inside a JSON text that was validated: read in place, without a tree of all values.
package struct JSONNode {
  package enum Kind: Sendable { case null, bool, number, string, array, object }

  private let document: JSONDocument
  private let index: Int

  private init(_ document: JSONDocument, _ index: Int) {
    self.document = document
    self.index = index
  }

  /// The value of a text, which is copied.
  ///
  /// - Throws: `DecodingError.dataCorrupted` if the text is not valid JSON.
  package init(parsing text: ByteView) throws {
    do {
      self.init(try JSONDocument(text), 0)
    } catch {
      throw PayloadCoder.corrupted(error)
    }
  }

  package var kind: Kind {
    switch document.kind(at: index) {
    case .null: .null
    case .yes, .no: .bool
    case .number: .number
    case .string, .escapedString: .string
    case .array: .array
    case .object, .ambiguousObject: .object
    }
  }

  /// The text of a string; `nil` for other kinds.
  package var text: String? { kind == .string ? document.text(at: index) : nil }

  /// The value as a tree.
  package var value: JSONValue { (try? document.value(at: index)) ?? .null }

  /// An object's member, the last of several with the name; `nil` if there is none or this is not an object.
  package func member(_ name: String) -> JSONNode? {
    guard kind == .object else { return nil }
    return document.find(name, in: index).map { JSONNode(document, $0) }
  }

  /// The elements of an array; none for other kinds.
  package var elements: [JSONNode] {
    guard kind == .array else { return [] }
    var elements: [JSONNode] = []
    elements.reserveCapacity(document.count(ofArray: index))
    let end = document.next(after: index)
    var next = index + 1
    while next < end {
      elements.append(JSONNode(document, next))
      next = document.next(after: next)
    }
    return elements
  }
}
