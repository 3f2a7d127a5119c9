// What the package uses of OpenSSL 3; its macros, and calls that take a callback, as functions.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// SHA-1 by the calls of older versions: see `copenssl_sha1`.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// The exit handler would run while loop threads still use the library.
static inline int copenssl_init(void) {
  return OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

// `SHA1` would first start the library with all its algorithms, which takes a millisecond.
static inline void copenssl_sha1(const void *_Nonnull bytes, size_t count, unsigned char *_Nonnull digest) {
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Update(&context, bytes, count);
  SHA1_Final(digest, &context);
}

static inline void copenssl_hmac_sha256(
    const void *_Nonnull key, size_t key_count, const void *_Nonnull bytes, size_t count,
    unsigned char *_Nonnull digest) {
  HMAC(EVP_sha256(), key, (int)key_count, (const unsigned char *)bytes, count, digest, NULL);
}

static inline int copenssl_random(void *_Nonnull bytes, int count) {
  return RAND_bytes((unsigned char *)bytes, count);
}

// MARK: Contexts

// A passphrase is never asked for: the library's own callback would read from the terminal.
static inline int copenssl_no_passphrase(
    char *_Nullable buffer, int size, int is_writing, void *_Nullable context) {
  (void)buffer; (void)size; (void)is_writing; (void)context;
  return -1;
}

// TLS 1.2 at least, no renegotiation, no compression, no sessions kept.
static inline SSL_CTX *_Nullable copenssl_context(int is_server) {
  SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  if (context == NULL) return NULL;
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    SSL_CTX_free(context);
    return NULL;
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(context, copenssl_no_passphrase);
  return context;
}

static inline int copenssl_limit_to_tls12(SSL_CTX *_Nonnull context) {
  return (int)SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
}

// What is learnt of the peer while a session shakes hands; it belongs to the session's owner.
struct copenssl_notes {
  int was_certificate_wanted;
  // The alternative names of a certificate that is for another host.
  char names[200];
};

static inline void copenssl_set_notes(SSL *_Nonnull session, struct copenssl_notes *_Nullable notes) {
  SSL_set_app_data(session, (void *)notes);
}

// Called where the peer asks for a certificate and there is none.
static inline int copenssl_certificate_wanted(
    SSL *_Nonnull session, X509 *_Nullable *_Nullable certificate, EVP_PKEY *_Nullable *_Nullable key) {
  (void)certificate; (void)key;
  struct copenssl_notes *notes = (struct copenssl_notes *)SSL_get_app_data(session);
  if (notes != NULL) notes->was_certificate_wanted = 1;
  return 0;
}

static inline void copenssl_note_certificate_wanted(SSL_CTX *_Nonnull context) {
  SSL_CTX_set_client_cert_cb(context, copenssl_certificate_wanted);
}

// Called for each finding about the peer's certificates; a certificate that is refused is known nowhere afterwards.
static inline int copenssl_note_names(int is_accepted, X509_STORE_CTX *_Nonnull check) {
  int problem = X509_STORE_CTX_get_error(check);
  if (is_accepted || (problem != X509_V_ERR_HOSTNAME_MISMATCH && problem != X509_V_ERR_IP_ADDRESS_MISMATCH))
    return is_accepted;
  X509 *certificate = X509_STORE_CTX_get0_cert(check);
  SSL *session = (SSL *)X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct copenssl_notes *notes = session != NULL ? (struct copenssl_notes *)SSL_get_app_data(session) : NULL;
  int place = certificate != NULL ? X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) : -1;
  BIO *memory = notes != NULL && place >= 0 ? BIO_new(BIO_s_mem()) : NULL;
  if (memory == NULL) return is_accepted;
  if (X509V3_EXT_print(memory, X509_get_ext(certificate, place), 0, 0) == 1) {
    int count = BIO_read(memory, notes->names, (int)sizeof notes->names - 1);
    notes->names[count > 0 ? count : 0] = 0;
  }
  BIO_free(memory);
  return is_accepted;
}

static inline void copenssl_verify_peer(SSL_CTX *_Nonnull context, int is_required) {
  SSL_CTX_set_verify(context, is_required ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
                     copenssl_note_names);
  // A certificate that is trusted by name needs no root above it.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

// The folder of the system's authorities, or that of the variable SSL_CERT_DIR: looked into when one is needed.
static inline int copenssl_trust_default_folder(X509_STORE *_Nonnull store) {
  X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
  return lookup != NULL && X509_LOOKUP_add_dir(lookup, NULL, X509_FILETYPE_DEFAULT) == 1;
}

// MARK: Files

// 0, or the errno with which the file does not open.
static inline int copenssl_file_problem(const char *_Nonnull path) {
  errno = 0;
  BIO *file = BIO_new_file(path, "r");
  int problem = errno;
  if (file == NULL) return problem != 0 ? problem : EIO;
  BIO_free(file);
  return 0;
}

// What tells one state of a file from another; all 0 where there is none.
typedef struct {
  unsigned long long device, file;
  long long size, seconds, nanoseconds;
  // How many seconds ago it was written: a file may change twice within the grain of its time.
  long long age;
} copenssl_stamp;

static inline copenssl_stamp copenssl_file_stamp(const char *_Nonnull path) {
  copenssl_stamp stamp = {0};
  struct stat status;
  if (stat(path, &status) != 0) return stamp;
  stamp.device = (unsigned long long)status.st_dev;
  stamp.file = (unsigned long long)status.st_ino;
  stamp.size = (long long)status.st_size;
#ifdef __APPLE__
  stamp.seconds = (long long)status.st_mtimespec.tv_sec;
  stamp.nanoseconds = (long long)status.st_mtimespec.tv_nsec;
#else
  stamp.seconds = (long long)status.st_mtim.tv_sec;
  stamp.nanoseconds = (long long)status.st_mtim.tv_nsec;
#endif
  stamp.age = (long long)time(NULL) - stamp.seconds;
  return stamp;
}

static inline EVP_PKEY *_Nullable copenssl_read_key(const char *_Nonnull path) {
  BIO *file = BIO_new_file(path, "r");
  if (file == NULL) return NULL;
  EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, copenssl_no_passphrase, NULL);
  BIO_free(file);
  return key;
}

static inline int copenssl_no_such_file(void) { return ENOENT; }
static inline int copenssl_no_access(void) { return EACCES; }

// MARK: Sessions

// Whom the peer must prove to be: an address where `host` is one, else a name. Names stand in the certificate's
// alternative names; its subject is not looked at.
static inline int copenssl_expect_host(SSL *_Nonnull session, const char *_Nonnull host) {
  X509_VERIFY_PARAM *parameters = SSL_get0_param(session);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1) return 1;
  ERR_clear_error();
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, host) == 1;
}

static inline size_t copenssl_pending(BIO *_Nonnull bio) { return BIO_ctrl_pending(bio); }

// The reason of the first error that the library noted on this thread; whether it is of TLS itself.
static inline int copenssl_first_reason(int *_Nonnull is_tls) {
  unsigned long error = ERR_peek_error();
  *is_tls = ERR_GET_LIB(error) == ERR_LIB_SSL;
  return ERR_GET_REASON(error);
}

static inline const char *_Nullable copenssl_first_reason_text(void) {
  return ERR_reason_error_string(ERR_peek_error());
}

// 0, or the alert that the peer sent, if that was the first error.
static inline int copenssl_first_alert(void) {
  int is_tls = 0;
  int reason = copenssl_first_reason(&is_tls);
  return is_tls && reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256
             ? reason - SSL_AD_REASON_OFFSET
             : 0;
}

static inline const char *_Nullable copenssl_alert_text(int alert) { return SSL_alert_desc_string_long(alert); }

static inline const char *_Nonnull copenssl_noted_names(const struct copenssl_notes *_Nonnull notes) {
  return notes->names;
}

#endif
