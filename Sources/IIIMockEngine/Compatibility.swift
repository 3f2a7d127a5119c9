/// Which engine version a mock engine behaves like where versions differ.
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
  /// Whether web pages of other places than this machine are refused.
  var refusesForeignPages: Bool { !isStrict }
  /// Whether listings hold the members that later engines added.
  var listsLaterMembers: Bool { !isStrict }
  /// Whether the error for a missing function names the call's `namespace`, unless that is `default`.
  var knowsNamespaces: Bool { !isStrict }
  /// Whether owners are told of refused triggers, and triggers without a provider wait for one.
  var reportsTriggerErrors: Bool { !isStrict }
  /// Whether `engine::traces::list` sorts by the keys that engine 0.17 added.
  var sortsSpansAsLater: Bool { !isStrict }
  /// Whether escape sequences for terminals stay in the texts of log records.
  var keepsEscapesInLogs: Bool { isStrict }
  /// Whether there are functions that only this engine has (`mock::…`).
  var offersMockFunctions: Bool { !isStrict }
  /// Whether queues have what engine 0.13 does not: a queue `default`, groups of a FIFO queue in parallel, retries set by
  /// subscriptions, time-outs, the member `delivery` of deliveries, functions of other versions.
  var extendsQueues: Bool { !isStrict }
  /// Whether a worker that unregisters its HTTP-invoked function also removes a later function of that id, whoever has it.
  var unregistersTakenHTTPFunctions: Bool { isStrict }
  /// Whether a provider may unregister a trigger type.
  var endsTriggerTypes: Bool { !isStrict }
  /// Whether channels that have ended are forgotten after a while; otherwise a request for an end always learns that it was taken.
  var forgetsEndedChannels: Bool { !isStrict }
  /// Whether pings, results and the end of a connection are handled while a hook is asked about its registration; its
  /// other messages wait in order. Otherwise nothing of that connection is handled meanwhile.
  var readsDuringHooks: Bool { !isStrict }
  /// The code of the Close after an `AUTH_ERROR`. SDKs for Python before 0.25 take a Close without code for a normal end.
  var authenticationCloseCode: UInt16? { isStrict ? nil : 1008 }
  /// How long the head of an upgrade request may take; `nil` is without a limit.
  var handshakeTimeout: Duration? { isStrict ? nil : .seconds(10) }
}
