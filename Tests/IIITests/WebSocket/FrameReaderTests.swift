import III
import Testing

@Suite struct FrameReaderTests {
  @Test func takesWholeFrames() {
    let bytes = wire(.text("{}"), WireFrame(2, [0, 255]), WireFrame(9, [1]), WireFrame(10), .text(""))
    #expect(read(bytes) == [.text("{}"), .binary([0, 255]), .ping([1]), .pong([]), .text("")])
  }

  @Test func assemblesFragmentsAroundControlFrames() {
    let bytes = wire(
      .text("a€", fin: false), WireFrame(9, [7]), .more("", fin: false), WireFrame(10), .more("b", fin: true))
    #expect(read(bytes) == [.ping([7]), .pong([]), .text("a€b")])
  }
}
