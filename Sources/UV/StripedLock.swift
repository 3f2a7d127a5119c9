/// Several values of one kind, each behind a lock: a thread always uses the same one, and shares it with few others.
///
/// For what all threads need often and what need not be one: a lock that another core took last costs more than what it protects.
///
/// Inlinable: without that, each use in another module is generic code at run time.
@usableFromInline package struct StripedLock<Value: Sendable>: Sendable {
  /// A value with so much room around it that it shares no cache line with another's.
  @usableFromInline struct Stripe: Sendable {
    private var before = SIMD64<UInt8>()
    @usableFromInline var value: Value
    private var after = SIMD64<UInt8>()

    init(_ value: Value) { self.value = value }
  }

  @usableFromInline let stripes: [Lock<Stripe>]

  /// - Parameter make: Creates one of the values.
  package init(_ make: () -> Value) { stripes = (0..<16).map { _ in Lock(Stripe(make())) } }

  /// Runs `body` with exclusive use of the calling thread's value, as `Lock.withLock`.
  @inlinable package func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    // The numbers of threads are addresses: they differ in bits in the middle.
    let index = (UInt64(Loop.currentThread) &* 0x9E37_79B9_7F4A_7C15) &>> 60
    return stripes[Int(index)].withLock { body(&$0.value) }
  }
}
