/// A call whose answer did not come in time: code `TIMEOUT`, from the engine or from the caller's own clock.
///
/// Mirrors `IIITimeoutError` of the Python SDK.
public final class IIITimeoutError: IIIInvocationError, @unchecked Sendable {
  // Sendable: as the base, without properties of its own.
}
