internal import CUV

/// Files and folders, by calls of libuv that block the calling thread.
package enum FileSystem {
  package struct Status: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64
    package let size: UInt64
    package let isDirectory: Bool
  }

  /// The status of the file or folder at `path`; `nil` if there is none.
  package static func status(_ path: String) throws(UVError) -> Status? {
    var request = uv_fs_t()
    let code = uv_fs_stat(nil, &request, path, nil)
    defer { uv_fs_req_cleanup(&request) }
    if code == UV_ENOENT.rawValue { return nil }
    try UVError.check(code, "look at '\(path)'")
    let found = request.statbuf
    return Status(
      device: found.st_dev, inode: found.st_ino, size: found.st_size, isDirectory: found.st_mode & 0o170000 == 0o040000)
  }

  /// Creates the folder and its missing parents; an existing folder does not change.
  package static func makeFolder(_ path: String) throws(UVError) {
    if try status(path)?.isDirectory == true { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeFolder(String(path[..<slash])) }
    var request = uv_fs_t()
    let code = uv_fs_mkdir(nil, &request, path, 0o777, nil)
    uv_fs_req_cleanup(&request)
    // Another process may have created it in the meantime, and a trailing slash names it a second time.
    if code == UV_EEXIST.rawValue, try status(path)?.isDirectory == true { return }
    try UVError.check(code, "make the folder '\(path)'")
  }

  /// Whether the process may write to the file, or create files in the folder.
  package static func isWritable(_ path: String) -> Bool {
    var request = uv_fs_t()
    let code = uv_fs_access(nil, &request, path, 2, nil)
    uv_fs_req_cleanup(&request)
    return code == 0
  }

  /// On this thread, a write beyond the process's limit of file sizes fails, instead of ending the process (SIGXFSZ).
  package static func failWritesBeyondSizeLimit() { cuv_block_sigxfsz() }
}
