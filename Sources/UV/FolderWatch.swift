internal import CUV

/// Reports that something in a folder has changed. Confined to the loop.
package final class FolderWatch: LoopResource {
  private let loop: Loop
  private let handle: UnsafeMutablePointer<uv_fs_event_t>
  private var changed: (() -> Void)?
  private var isClosed = false

  /// Calls `changed` on the loop when an entry of the folder was created, changed, replaced or removed; perhaps several
  /// times for one change.
  package init(_ folder: String, on loop: Loop, _ changed: @escaping () -> Void) throws(UVError) {
    self.loop = loop
    self.changed = changed
    handle = .allocate(capacity: 1)
    uv_fs_event_init(loop.handle, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
    let code = uv_fs_event_start(
      handle,
      { handle, _, _, _ in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<FolderWatch>.fromOpaque(data).takeUnretainedValue().changed?()
      }, folder, 0)
    guard code == 0 else {
      close()
      throw UVError(code: code, operation: "watch folder '\(folder)'")
    }
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    changed = nil
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let data = handle?.pointee.data else { return }
      let watch = Unmanaged<FolderWatch>.fromOpaque(data).takeRetainedValue()
      watch.loop.unregister(watch)
      watch.handle.deallocate()
    }
  }

  func closeWithLoop() { close() }
}
