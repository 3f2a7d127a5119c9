/// The version in a head; other versions are malformed.
package enum HTTPVersion: Sendable {
  case http10, http11
}
