/// Maps code points of an interpolated text to positions in the file.
///
/// It moves forward; for an earlier code point it starts again. A variable's value has the position of its `${`.
struct SourceCursor {
  private let text: Interpolation
  private var character = 0
  private var byte = 0
  private var nextPiece = 0
  private var position = SourcePosition()

  init(_ text: Interpolation) {
    self.text = text
  }

  /// The position of the code point with this number, counted from 0; after the end it is the end's.
  mutating func position(ofCharacter wanted: Int) -> SourcePosition {
    walk(to: wanted)
    return position
  }

  /// The first variable whose value is in a range of code points.
  mutating func variable(in range: Range<Int>) -> String? {
    walk(to: range.lowerBound)
    var copy = self
    let start = byte
    copy.walk(to: range.upperBound)
    let end = copy.byte
    return text.pieces[min(nextPiece, text.pieces.count)...].lazy
      .prefix { $0.output.lowerBound < end }
      .first { $0.variable != nil && $0.output.overlaps(start..<end) }?.variable
  }

  private mutating func walk(to wanted: Int) {
    if wanted < character { self = SourceCursor(text) }
    skipEmptyPieces()
    while character < wanted, byte < text.output.count {
      let inPiece = nextPiece < text.pieces.count && text.pieces[nextPiece].output.contains(byte)
      if !inPiece {
        position.advance(
          over: text.output[byte], next: byte + 1 < text.output.count ? text.output[byte + 1] : nil)
      }
      repeat { byte += 1 } while byte < text.output.count && text.output[byte] & 0xC0 == 0x80
      character += 1
      if inPiece, byte >= text.pieces[nextPiece].output.upperBound { leavePiece() }
      skipEmptyPieces()
    }
  }

  /// Placeholders that were replaced by nothing have a width in the file only.
  private mutating func skipEmptyPieces() {
    while nextPiece < text.pieces.count, text.pieces[nextPiece].output == byte..<byte { leavePiece() }
  }

  private mutating func leavePiece() {
    position.advance(over: text.pieces[nextPiece].source, of: text.source)
    nextPiece += 1
  }
}
