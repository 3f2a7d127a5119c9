// Certificates for tests, made when they are needed. Every function answers 1 where it worked.
#ifndef CTESTAUTHORITY_H
#define CTESTAUTHORITY_H

struct test_authority;

// An authority with a key of its own; NULL if OpenSSL makes none.
struct test_authority *_Nullable test_authority_new(const char *_Nonnull name);
void test_authority_free(struct test_authority *_Nonnull authority);

// Writes the authority's certificate.
int test_authority_write(const struct test_authority *_Nonnull authority, const char *_Nonnull path);

// Issues a certificate and writes it and its key. `names` are as "DNS:localhost,IP:127.0.0.1"; without them it is for no
// host, but has `name` for its subject. `from` and `until` are seconds from now. A passphrase encrypts the key.
int test_authority_issue(
    const struct test_authority *_Nonnull authority, const char *_Nonnull name, const char *_Nullable names, long from,
    long until, const char *_Nonnull certificate_path, const char *_Nonnull key_path, const char *_Nullable passphrase);

#endif
