internal import III

extension Server {
  /// Answers a request for an end of a channel; whether frames follow.
  func admit(_ head: HTTPRequestHead, toChannel id: String, from peer: Peer) -> Bool {
    switch ChannelRequest.check(head, id: id) {
    case .refused(let response): send(response, to: peer)
    case .wellFormed(let request, let response):
      guard let relay = channels.find(request.name) else {
        send(ChannelRequest.notFound, to: peer)
        return false
      }
      send(response, to: peer)
      peer.phase = .channel(relay, request.direction)
      if relay.take(request.direction, by: peer) { return true }
      close(peer, with: FrameEncoder.close(nil, maskKey: nil))
    }
    return false
  }

  /// Ends an end's connection with a Close; the channel knows.
  func close(_ peer: Peer, with frame: [UInt8]) {
    peer.send(frame)
    peer.phase = .ended
    close(peer, because: "the channel has ended")
  }

  /// Ends an end's connection without one; the channel knows.
  func drop(_ peer: Peer) {
    peer.phase = .ended
    finish(peer, because: "the channel has no reader")
  }

  /// Ends the channels that nobody came for, now and then, for as long as the engine runs.
  func sweepChannels() {
    _ = timers.schedule(after: ChannelRegistry.sweepInterval) { [unowned self] in
      let forgets = configuration.compatibility.forgetsFinishedChannels
      for relay in channels.sweep(now: now, forgetsFinished: forgets) { relay.abandon() }
      sweepChannels()
    }
  }
}
