/// A call that the engine did not allow: code `FORBIDDEN`.
///
/// Mirrors `IIIForbiddenError` of the Python SDK.
public final class IIIForbiddenError: IIIInvocationError, @unchecked Sendable {
  // Sendable: as the base, without properties of its own.
}
