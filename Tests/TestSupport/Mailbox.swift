/// What arrived and who waits for it. Everybody who waits says what for; order is kept. Belongs to one actor.
final class Mailbox<Item: Sendable> {
  private struct Waiter {
    let id: Int
    let matches: (Item) -> Bool
    let continuation: CheckedContinuation<Item, any Error>
  }

  private(set) var unread: [Item] = []
  private var waiters: [Waiter] = []

  /// Hands `item` to the first who waits for such a one, or keeps it.
  func put(_ item: Item) {
    guard let index = waiters.firstIndex(where: { $0.matches(item) }) else { return unread.append(item) }
    waiters.remove(at: index).continuation.resume(returning: item)
  }

  /// The first unread item that matches, taken out.
  func take(_ matches: (Item) -> Bool) -> Item? {
    unread.firstIndex(where: matches).map { unread.remove(at: $0) }
  }

  func takeAll() -> [Item] {
    defer { unread = [] }
    return unread
  }

  func wait(_ id: Int, _ matches: @escaping (Item) -> Bool, _ continuation: CheckedContinuation<Item, any Error>) {
    waiters.append(Waiter(id: id, matches: matches, continuation: continuation))
  }

  /// Ends the wait with that id, if it goes on.
  func cancel(_ id: Int) {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
    waiters.remove(at: index).continuation.resume(throwing: CancellationError())
  }

  /// Hands `item` to all who wait.
  func resumeAll(_ item: Item) {
    let waiters = self.waiters
    self.waiters = []
    for waiter in waiters { waiter.continuation.resume(returning: item) }
  }

  func fail(_ error: any Error) {
    let waiters = self.waiters
    self.waiters = []
    for waiter in waiters { waiter.continuation.resume(throwing: error) }
  }
}
