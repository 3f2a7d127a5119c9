// What the package uses of OpenSSL 3.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

// The exit handler would run while loop threads still use the library.
static inline int copenssl_init(void) {
  return OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static inline void copenssl_sha1(const void *_Nonnull bytes, size_t count, unsigned char *_Nonnull digest) {
  SHA1((const unsigned char *)bytes, count, digest);
}

static inline int copenssl_random(void *_Nonnull bytes, int count) {
  return RAND_bytes((unsigned char *)bytes, count);
}

#endif
