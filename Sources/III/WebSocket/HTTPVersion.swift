/// The version that a head names; others are malformed.
package enum HTTPVersion: Sendable {
  case http10, http11
}
