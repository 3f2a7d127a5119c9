/// What arrived and who waits for it. Everybody who waits says what for; order is kept. Belongs to one actor.
package final class Mailbox<Item: Sendable> {
  private struct Waiter {
    let id: Int
    let matches: (Item) -> Bool
    let continuation: CheckedContinuation<Item, any Error>
  }

  package private(set) var unread: [Item] = []
  private var waiters: [Waiter] = []
  private var failure: (([Item]) -> any Error)?
  /// Whether an item stays for everybody who asks.
  private let isKeepingItems: Bool

  package init(isKeepingItems: Bool = false) { self.isKeepingItems = isKeepingItems }

  /// Hands `item` to the first who waits for such a one, or keeps it.
  package func put(_ item: Item) {
    if isKeepingItems {
      unread.append(item)
      let waiters = self.waiters
      self.waiters = []
      for waiter in waiters { waiter.continuation.resume(returning: item) }
    } else if let index = waiters.firstIndex(where: { $0.matches(item) }) {
      waiters.remove(at: index).continuation.resume(returning: item)
    } else {
      unread.append(item)
    }
  }

  /// The first unread item that matches, taken out.
  package func take(_ matches: (Item) -> Bool) -> Item? {
    unread.firstIndex(where: matches).map { unread.remove(at: $0) }
  }

  package func takeAll() -> [Item] {
    defer { unread = [] }
    return unread
  }

  /// Gives `continuation` the first unread item that matches, or the next one to come. Looked for here and not before:
  /// the caller may have left its actor on the way, and an item have come meanwhile.
  package func wait(
    _ id: Int, _ matches: @escaping (Item) -> Bool, _ continuation: CheckedContinuation<Item, any Error>
  ) {
    if let item = isKeepingItems ? unread.first(where: matches) : take(matches) {
      continuation.resume(returning: item)
    } else if let failure {
      continuation.resume(throwing: failure(unread))
    } else {
      waiters.append(Waiter(id: id, matches: matches, continuation: continuation))
    }
  }

  /// Ends the wait with that id, if it goes on.
  package func cancel(_ id: Int) {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
    waiters.remove(at: index).continuation.resume(throwing: CancellationError())
  }

  /// Nothing comes any more: those who wait, and who will, get the error that `failure` makes of what is unread.
  package func fail(_ failure: @escaping ([Item]) -> any Error) {
    self.failure = failure
    let waiters = self.waiters
    self.waiters = []
    for waiter in waiters { waiter.continuation.resume(throwing: failure(unread)) }
  }
}
