// What the package uses of SQLite; its variadic calls and its casts as functions.
#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>
#include <stddef.h>

// The bytes are not copied: they must stay until the statement was stepped.
static inline int csqlite_bind_bytes(
    sqlite3_stmt *_Nonnull statement, int index, const void *_Nullable bytes, size_t count) {
  return count == 0 ? sqlite3_bind_zeroblob(statement, index, 0)
                    : sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_STATIC);
}

// Whether closing the connection leaves file and WAL as they are.
static inline int csqlite_keep_wal_on_close(sqlite3 *_Nonnull connection, int is_kept) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_kept, NULL);
}

// Whether the file of the connection was moved, replaced or removed since it was opened.
static inline int csqlite_has_moved(sqlite3 *_Nonnull connection) {
  int has_moved = 0;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  return has_moved;
}

#endif
