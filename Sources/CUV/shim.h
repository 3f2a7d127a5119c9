// Parts of libuv, pthread and sockets that Swift cannot import directly.
#ifndef CUV_SHIM_H
#define CUV_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#if defined(__linux__)
extern int pthread_setname_np(pthread_t, const char *);
static inline void cuv_set_thread_name(const char *_Nonnull name) {
  pthread_setname_np(pthread_self(), name);
}
#else
static inline void cuv_set_thread_name(const char *_Nonnull name) {
  pthread_setname_np(name);
}
#endif

// The size of a page of memory, in bytes.
static inline long cuv_page_size(void) { return sysconf(_SC_PAGESIZE); }

// The calling thread as a number that no other live thread has.
static inline uintptr_t cuv_current_thread(void) { return (uintptr_t)pthread_self(); }

// libuv writes with plain write(2): a write to a closed connection would raise SIGPIPE on the loop's thread.
static inline void cuv_block_sigpipe(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

// Asks for the cache lines of memory that is written next.
static inline void cuv_prefetch_for_writing(const void *_Nonnull memory, long count) {
  for (long offset = 0; offset < count; offset += 64) __builtin_prefetch((const char *)memory + offset, 1, 3);
}

// Opens a listening socket at an address. Returns a negative error code, as libuv has them, on failure.
static inline int cuv_listen(const struct sockaddr *_Nonnull address, int backlog) {
  int socket_number = socket(address->sa_family, SOCK_STREAM, 0);
  if (socket_number < 0) return -errno;
  socklen_t size =
      address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  int on = 1;
  if (fcntl(socket_number, F_SETFD, FD_CLOEXEC) != 0 || fcntl(socket_number, F_SETFL, O_NONBLOCK) != 0 ||
      setsockopt(socket_number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(socket_number, address, size) != 0 || listen(socket_number, backlog) != 0) {
    int code = -errno;
    close(socket_number);
    return code;
  }
  return socket_number;
}

#if defined(__linux__)
// Declared under another name: whether <sys/socket.h> declares accept4 depends on feature macros.
extern int cuv_accept4(int, struct sockaddr *_Nullable, socklen_t *_Nullable, int) __asm__("accept4");
#endif

// Accepts a connection; a negative error code if there is none.
static inline int cuv_accept(int listener) {
  for (;;) {
#if defined(__linux__)
    int socket_number = cuv_accept4(listener, NULL, NULL, O_NONBLOCK | O_CLOEXEC);  // equal to SOCK_NONBLOCK, SOCK_CLOEXEC
#else
    int socket_number = accept(listener, NULL, NULL);
    if (socket_number >= 0) fcntl(socket_number, F_SETFD, FD_CLOEXEC);
#endif
    if (socket_number >= 0) return socket_number;
    if (errno != EINTR && errno != ECONNABORTED) return -errno;
  }
}

// Makes the system ask an idle peer whether it is still there: after `idle` seconds, then every `interval` seconds; after
// `probes` questions without an answer the connection fails. Accepted sockets inherit this from their listener.
static inline int cuv_keep_alive(int socket_number, int idle, int interval, int probes) {
  int on = 1;
#if defined(__APPLE__)
  int idle_option = TCP_KEEPALIVE;
#else
  int idle_option = TCP_KEEPIDLE;
#endif
  if (setsockopt(socket_number, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0 ||
      setsockopt(socket_number, IPPROTO_TCP, idle_option, &idle, sizeof idle) != 0 ||
      setsockopt(socket_number, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval) != 0 ||
      setsockopt(socket_number, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes) != 0)
    return -errno;
  return 0;
}

// A descriptor that can be given back when there are no others; -1 if even this one could not be had.
static inline int cuv_reserve_descriptor(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

static inline void cuv_close(int descriptor) { close(descriptor); }

// The number of descriptors that this process may have open, 0 if it is not limited.
static inline uint64_t cuv_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return (uint64_t)limit.rlim_cur;
}

// With the signal blocked, a write beyond the limit of file sizes fails with EFBIG.
static inline void cuv_block_sigxfsz(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

#endif
