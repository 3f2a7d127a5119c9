internal import CUV

/// Reads files with blocking calls of libuv.
package enum FileBytes {
  /// The first `limit` bytes of a file, or all of them if there are fewer.
  package static func read(_ path: String, limit: Int) throws(UVError) -> [UInt8] {
    var request = uv_fs_t()
    let file = uv_fs_open(nil, &request, path, UV_FS_O_RDONLY, 0, nil)
    uv_fs_req_cleanup(&request)
    try UVError.check(file, "open")
    defer {
      uv_fs_close(nil, &request, file, nil)
      uv_fs_req_cleanup(&request)
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(max(limit, 0), 64 << 10))
    while bytes.count < limit {
      let wanted = min(chunk.count, limit - bytes.count)
      let count = chunk.withUnsafeMutableBytes { memory in
        var buffer = uv_buf_init(memory.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(wanted))
        let count = uv_fs_read(nil, &request, file, &buffer, 1, -1, nil)
        uv_fs_req_cleanup(&request)
        return count
      }
      if count == UV_EINTR.rawValue { continue }
      try UVError.check(count, "read")
      guard count > 0 else { break }
      bytes += chunk[..<Int(count)]
    }
    return bytes
  }
}
