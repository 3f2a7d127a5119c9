import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite("Channels: the state machine")
struct ChannelTests {
  @Test("how many messages a channel holds", arguments: [(nil, 64), (0, 1), (1, 1), (1024, 1024), (5000, 1024)])
  func capacity(given: Int?, capacity: Int) {
    let bench = ChannelBench(capacity: given)
    #expect(bench.take(.write))
    // One more is in hand, and the writer is read on for its pings, until it writes again.
    for _ in 0...capacity { bench.write("m") }
    #expect(bench.output.take() == [])
    bench.write("m")
    #expect(bench.output.take() == [.paused])
    #expect(bench.channel.count == capacity + 2)
  }

  @Test("a Close is answered at once only where there is room")
  func closeAtTheLimit() {
    for (count, events) in [(2, [.answered(1000)]), (3, [])] as [(Int, [ChannelRecorder.Event])] {
      let bench = ChannelBench(capacity: 2)
      #expect(bench.take(.write))
      for _ in 0..<count { bench.write("m") }
      bench.close()
      #expect(bench.output.take() == events)
    }
  }

  @Test("a writer may write all and close before the reader comes")
  func lateReader() {
    let bench = ChannelBench()
    #expect(bench.take(.write))
    bench.write("a", "b")
    bench.close()
    #expect(bench.output.take() == [.answered(1000)])
    #expect(bench.take(.read))
    #expect(bench.output.take() == [.delivered("a"), .delivered("b"), .finished])
    #expect(!bench.take(.write) && !bench.take(.read))
    #expect(bench.channel.isFinished)
  }

  @Test("what a reader takes is not kept")
  func live() {
    let bench = ChannelBench(capacity: 1)
    #expect(bench.take(.read) && bench.take(.write))
    bench.write("a", "b", "c")
    #expect(bench.output.take() == [.delivered("a"), .delivered("b"), .delivered("c")])
    bench.close(nil)
    #expect(bench.output.take() == [.answered(nil), .finished])
  }

  @Test("a Close behind messages for which there is no room waits with them")
  func closeWhilePaused() {
    let bench = ChannelBench(capacity: 1)
    #expect(bench.take(.write))
    bench.write("a", "b", "c")
    bench.close(3000)
    bench.write("after the Close")
    #expect(bench.output.take() == [.paused])
    bench.output.room = 1
    #expect(bench.take(.read))
    #expect(bench.output.take() == [.delivered("a")])
    bench.drain(1)
    #expect(bench.output.take() == [.delivered("b"), .answered(3000)])
    bench.drain(1)
    #expect(bench.output.take() == [.delivered("c"), .finished])
  }

  @Test("a slow reader's writer goes on when there is room")
  func resumes() {
    let bench = ChannelBench(capacity: 2)
    bench.output.room = 1
    #expect(bench.take(.read) && bench.take(.write))
    bench.write("a", "b", "c", "d", "e")
    #expect(bench.output.take() == [.delivered("a"), .paused])
    bench.drain(1)
    #expect(bench.output.take() == [.delivered("b")])
    bench.drain(1)
    #expect(bench.output.take() == [.delivered("c"), .resumed])
    bench.write("f", "g")
    #expect(bench.output.take() == [.paused])
    bench.drain()
    #expect(
      bench.output.take() == [.delivered("d"), .delivered("e"), .delivered("f"), .delivered("g"), .resumed])
  }

  @Test("a writer that is lost looks like an end")
  func lostWriter() {
    let bench = ChannelBench()
    #expect(bench.take(.read) && bench.take(.write))
    bench.write("a")
    bench.lose(.write)
    #expect(bench.output.take() == [.delivered("a"), .finished])
  }

  @Test("a reader that is lost costs a silent writer nothing, until it writes")
  func lostReader() {
    var bench = ChannelBench()
    #expect(bench.take(.read) && bench.take(.write))
    bench.lose(.read)
    #expect(bench.output.take() == [])
    bench.write("a", "b")
    #expect(bench.output.take() == [.dropped])

    bench = ChannelBench()
    #expect(bench.take(.read) && bench.take(.write))
    bench.lose(.read)
    bench.close(1001)
    #expect(bench.output.take() == [.answered(1001)])
  }

  @Test("a writer that waits for room is dropped with its reader", arguments: [true, false])
  func lostReaderWhilePaused(hasClosed: Bool) {
    let bench = ChannelBench(capacity: 1)
    bench.output.room = 0
    #expect(bench.take(.read) && bench.take(.write))
    bench.write("a", "b", "c")
    if hasClosed { bench.close() }
    #expect(bench.output.take() == [.delivered("a")])
    bench.lose(.read)
    #expect(bench.output.take() == [.dropped])
    #expect(bench.channel.count == 0)
  }

  @Test("whoever waits for somebody who does not come")
  func abandoned() {
    var bench = ChannelBench()
    #expect(bench.channel.isOrphaned)
    #expect(bench.take(.read))
    bench.channel.abandon(bench.output)
    #expect(bench.output.take() == [.finished])

    bench = ChannelBench(capacity: 1)
    #expect(bench.take(.write))
    bench.write("a")
    bench.channel.abandon(bench.output)
    #expect(bench.output.take() == [])
    bench.write("b")
    #expect(bench.output.take() == [.dropped])

    bench = ChannelBench(capacity: 1)
    #expect(bench.take(.write))
    bench.write("a", "b")
    bench.channel.abandon(bench.output)
    #expect(bench.output.take() == [.dropped])
  }

  /// In whatever order things happen: nothing is lost, reordered or invented, and each end is told once.
  @Test("random orders", arguments: 0..<20)
  func random(part: Int) {
    for seed in part * 200..<(part + 1) * 200 {
      var random = SeededGenerator(seed: UInt64(seed))
      let bench = ChannelBench(capacity: 1 + random.below(4))
      var (written, delivered) = (0, 0)
      var (isPaused, isClosed, hasReader, isReaderLost, isWriterOver) = (false, false, false, false, false)
      var ends: [ChannelRecorder.Event] = []
      #expect(bench.take(.write))
      for _ in 0..<40 {
        switch random.below(8) {
        case 0...3 where !isClosed && !isWriterOver:
          bench.write("\(written)")
          if !isReaderLost { written += 1 }
        case 4 where !hasReader:
          hasReader = true
          bench.output.room = random.below(3)
          #expect(bench.take(.read))
        case 5 where hasReader && !isReaderLost: bench.drain(random.below(4))
        case 6 where !isClosed && random.oneIn(4):
          isClosed = true
          bench.close(1000)
        case 7 where hasReader && random.oneIn(12):
          isReaderLost = true
          bench.lose(.read)
        default: break
        }
        for event in bench.output.take() {
          switch event {
          case .delivered(let text):
            #expect(text == "\(delivered)" && !isReaderLost, "seed \(seed)")
            delivered += 1
          case .paused: isPaused = true
          case .resumed: isPaused = false
          case .answered, .dropped:
            isWriterOver = true
            ends.append(event)
          case .finished: ends.append(event)
          }
        }
        #expect(isReaderLost || bench.channel.count == written - delivered, "seed \(seed)")
        let beyond = bench.channel.count - bench.channel.capacity
        #expect(isWriterOver || (isPaused ? beyond > 0 : beyond < 2), "seed \(seed)")
      }
      if hasReader && !isReaderLost {
        for _ in 0..<100 { bench.drain() }
        if !isClosed { bench.close(1000) }
        ends += bench.output.take().filter { if case .delivered = $0 { false } else { $0 != .resumed } }
        #expect(ends == [.answered(1000), .finished], "seed \(seed)")
      } else if isReaderLost && !isWriterOver {
        bench.write("nobody reads it")
        #expect(bench.output.take() == [.dropped], "seed \(seed)")
      }
      #expect(ends.count <= 2, "seed \(seed)")
    }
  }
}
