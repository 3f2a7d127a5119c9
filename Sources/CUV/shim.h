// What Swift cannot import of libuv and pthread as it stands.
#ifndef CUV_SHIM_H
#define CUV_SHIM_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
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

// The calling thread as a number that no other live thread has.
static inline uintptr_t cuv_current_thread(void) { return (uintptr_t)pthread_self(); }

// libuv writes with plain write(2): a peer that is gone would raise SIGPIPE on the loop's thread.
static inline void cuv_block_sigpipe(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

#endif
