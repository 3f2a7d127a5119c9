// Parts of libuv, pthread and sockets that Swift cannot import directly.
#ifndef CUV_SHIM_H
#define CUV_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
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

// Waits until a descriptor can be read, for at most so many milliseconds, or without end if that is negative.
static inline void cuv_wait_readable(int descriptor, int milliseconds) {
  struct pollfd waiting = {descriptor, POLLIN, 0};
  poll(&waiting, 1, milliseconds);
}

// libuv writes with plain write(2): a write to a closed connection would raise SIGPIPE on the loop's thread.
static inline void cuv_block_sigpipe(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

// Sends what the socket takes at once; no SIGPIPE. A negative error code, as libuv has them, on failure.
static inline int cuv_send(int socket_number, const void *_Nonnull bytes, size_t count) {
  if (count > INT_MAX) count = INT_MAX;
#if defined(MSG_NOSIGNAL)
  int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
#else
  int flags = MSG_DONTWAIT;  // libuv sets SO_NOSIGPIPE
#endif
  ssize_t sent;
  do {
    sent = send(socket_number, bytes, count, flags);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? (errno == EWOULDBLOCK ? UV_EAGAIN : -errno) : (int)sent;
}

// Holds SIGPIPE back on a thread that is not the loop's, and returns the thread's signals as they were.
static inline sigset_t cuv_hold_sigpipe(void) {
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, &before);
  return before;
}

// Ends that: a signal that came meanwhile is discarded.
static inline void cuv_release_sigpipe(sigset_t before) {
  if (sigismember(&before, SIGPIPE)) return;
  sigset_t pending, set;
  int number;
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE)) {
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigwait(&set, &number);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// Asks for the cache lines of memory that is written next and then seldom used: they displace little of what is in use.
static inline void cuv_prefetch_for_writing(const void *_Nonnull memory, long count) {
  for (long offset = 0; offset < count; offset += 64) __builtin_prefetch((const char *)memory + offset, 1, 0);
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
