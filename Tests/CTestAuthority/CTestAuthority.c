#include "CTestAuthority.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

struct test_authority {
  X509 *certificate;
  EVP_PKEY *key;
};

static int add(X509 *certificate, X509 *issuer, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  if (extension == NULL) return 0;
  int result = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return result;
}

static X509 *make(const char *name, EVP_PKEY *key, long from, long until) {
  X509 *certificate = X509_new();
  if (certificate == NULL) return NULL;
  unsigned char serial[8];
  BIGNUM *number = BN_new();
  X509_NAME *subject = X509_get_subject_name(certificate);
  int done = number != NULL && RAND_bytes(serial, sizeof serial) == 1 && BN_bin2bn(serial, sizeof serial, number) != NULL &&
             BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL &&
             X509_set_version(certificate, X509_VERSION_3) == 1 &&
             X509_gmtime_adj(X509_getm_notBefore(certificate), from) != NULL &&
             X509_gmtime_adj(X509_getm_notAfter(certificate), until) != NULL && X509_set_pubkey(certificate, key) == 1 &&
             X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1;
  BN_free(number);
  if (done) return certificate;
  X509_free(certificate);
  return NULL;
}

struct test_authority *test_authority_new(const char *name) {
  struct test_authority *authority = calloc(1, sizeof *authority);
  if (authority == NULL) return NULL;
  authority->key = EVP_EC_gen("P-256");
  if (authority->key != NULL) authority->certificate = make(name, authority->key, -3600, 3600);
  X509 *certificate = authority->certificate;
  if (certificate != NULL && X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
      add(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") == 1 &&
      add(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") == 1 &&
      add(certificate, certificate, NID_subject_key_identifier, "hash") == 1 &&
      X509_sign(certificate, authority->key, EVP_sha256()) > 0)
    return authority;
  test_authority_free(authority);
  return NULL;
}

void test_authority_free(struct test_authority *authority) {
  X509_free(authority->certificate);
  EVP_PKEY_free(authority->key);
  free(authority);
}

static int write_certificate(X509 *certificate, const char *path) {
  BIO *file = BIO_new_file(path, "w");
  if (file == NULL) return 0;
  int result = PEM_write_bio_X509(file, certificate);
  return BIO_free(file) == 1 && result == 1;
}

int test_authority_write(const struct test_authority *authority, const char *path) {
  return write_certificate(authority->certificate, path);
}

static int write_key(EVP_PKEY *key, const char *path, const char *passphrase) {
  BIO *file = BIO_new_file(path, "w");
  if (file == NULL) return 0;
  int result = PEM_write_bio_PrivateKey(
      file, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL, (const unsigned char *)passphrase,
      passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL);
  return BIO_free(file) == 1 && result == 1;
}

int test_authority_issue(
    const struct test_authority *authority, const char *name, const char *names, long from, long until,
    const char *certificate_path, const char *key_path, const char *passphrase) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = key != NULL ? make(name, key, from, until) : NULL;
  int result = certificate != NULL &&
               X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate)) == 1 &&
               add(certificate, authority->certificate, NID_authority_key_identifier, "keyid") == 1 &&
               (names == NULL || add(certificate, authority->certificate, NID_subject_alt_name, names) == 1) &&
               X509_sign(certificate, authority->key, EVP_sha256()) > 0 &&
               write_certificate(certificate, certificate_path) == 1 && write_key(key, key_path, passphrase) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  return result;
}
