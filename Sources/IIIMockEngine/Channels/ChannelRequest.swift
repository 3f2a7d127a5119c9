internal import III

/// A request for an end of a channel: `/ws/channels/{id}?key=…&dir=read`.
struct ChannelRequest: Equatable {
  let id: String
  let key: String
  let direction: ChannelDirection

  enum Verdict: Equatable {
    /// The request is well-formed; the response is the 101 if the channel exists.
    case wellFormed(ChannelRequest, HTTPResponse)
    case refused(HTTPResponse)
  }

  /// How the paths of all channels begin.
  static let pathPrefix = "/ws/channels/"

  /// The answer if there is no such channel or the key is wrong: the text does not tell which.
  static var notFound: HTTPResponse { Upgrade.refusal(404, "Channel not found") }

  /// The id in the path of such a request; `nil` if the path is another one.
  static func id(in path: String) -> String? {
    guard path.hasPrefix(pathPrefix) else { return nil }
    let segment = path.dropFirst(pathPrefix.count)
    guard !segment.isEmpty, !segment.utf8.contains(UInt8(ascii: "/")) else { return nil }
    return PercentEncoding.decode(segment)
  }

  /// The real engine's checks, in its order: method, query, HEAD, upgrade.
  static func check(_ head: HTTPRequestHead, id: String) -> Verdict {
    let upgrade = Upgrade.check(head, isKnownPath: true)
    guard head.method == "GET" || head.method == "HEAD" else { return .refused(upgrade.response) }
    let query: (key: String, direction: ChannelDirection)
    do throws(QueryProblem) { query = try read(head.query ?? "") } catch {
      return .refused(Upgrade.refusal(400, "Failed to deserialize query string: \(error.text)"))
    }
    guard case .accepted(let response) = upgrade else { return .refused(upgrade.response) }
    let request = ChannelRequest(id: id, key: query.key, direction: query.direction)
    return .wellFormed(request, response)
  }

  private struct QueryProblem: Error {
    let text: String
  }

  private static func read(_ query: String) throws(QueryProblem) -> (key: String, direction: ChannelDirection) {
    var key: String?
    var direction: ChannelDirection?
    for item in QueryItem.all(of: query) {
      switch item.name {
      case "key":
        guard key == nil else { throw QueryProblem(text: "duplicate field `key`") }
        key = item.value
      case "dir":
        guard direction == nil else { throw QueryProblem(text: "duplicate field `dir`") }
        direction = ChannelDirection(rawValue: item.value)
        guard direction != nil else {
          throw QueryProblem(text: "dir: unknown variant `\(item.value)`, expected `read` or `write`")
        }
      default: break
      }
    }
    guard let key else { throw QueryProblem(text: "missing field `key`") }
    guard let direction else { throw QueryProblem(text: "missing field `dir`") }
    return (key, direction)
  }
}
