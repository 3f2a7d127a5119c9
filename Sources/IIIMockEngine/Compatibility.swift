/// Which engine's habits a mock engine has where versions differ.
///
/// The wire is that of engine 0.13 in either case, so every official SDK from 0.11 to 0.25 connects unchanged.
public struct Compatibility: Sendable, Hashable {
  /// Engine 0.13 and what later engines added that older SDKs ignore: `reattach`, call metadata, trace headers that
  /// pass through unchanged. The default.
  public static let current = Compatibility(isStrict: false)
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// Engine 0.13.0 as it was recorded, for comparing with it frame by frame.
  public static let v0_13 = Compatibility(isStrict: true)

  private let isStrict: Bool

  /// Whether `workerregistered` carries a token with which a later connection may replace this one.
  var offersReattach: Bool { !isStrict }
  /// Whether a call's `metadata` reaches its callee.
  var forwardsMetadata: Bool { !isStrict }
  /// Whether the caller's own trace headers reach the callee; else the engine's do, when tracing is on.
  var forwardsTraceHeaders: Bool { !isStrict }
  /// Whether the engine opens spans of its own when tracing is on.
  var makesSpans: Bool { isStrict }
  /// Whether listings hold the members that later engines added.
  var listsLaterMembers: Bool { !isStrict }
  /// Whether a `namespace` that a call names and that is not `default` is told in the error for a missing function.
  var knowsNamespaces: Bool { !isStrict }
  /// Whether owners hear of triggers that are refused, and triggers without a provider wait for one.
  var reportsTriggerErrors: Bool { !isStrict }
  /// Whether a provider may give a trigger type up.
  var endsTriggerTypes: Bool { !isStrict }
  /// Whether channels that have served are forgotten after a while; else who asks for an end learns for ever that it was taken.
  var forgetsFinishedChannels: Bool { !isStrict }
  /// How long the head of an upgrade may take to come; `nil` is for ever.
  var handshakeTimeout: Duration? { isStrict ? nil : .seconds(10) }
}
