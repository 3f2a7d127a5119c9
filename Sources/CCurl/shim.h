// What the package uses of libcurl, which is loaded when it is first needed: with the thirty libraries that it brings, it
// would cost every program that starts an engine four milliseconds. Its variadic calls are functions here.
#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#define CCURL_FUNCTIONS(F) \
  F(global_init) F(easy_init) F(easy_cleanup) F(easy_setopt) F(easy_getinfo) F(easy_strerror) F(multi_init) \
  F(multi_cleanup) F(multi_setopt) F(multi_add_handle) F(multi_remove_handle) F(multi_socket_action) \
  F(multi_info_read) F(slist_append) F(slist_free_all) F(url) F(url_cleanup) F(url_set) F(url_get) F(free)

// The library's functions.
typedef struct {
#define CCURL_MEMBER(name) __typeof__(&curl_##name) name;
  CCURL_FUNCTIONS(CCURL_MEMBER)
#undef CCURL_MEMBER
} ccurl_library;

// Loads the library. Returns NULL, or why that failed: a text that stays until the thread's next call of this kind.
static inline const char *_Nullable ccurl_load(ccurl_library *library) {
#if defined(__APPLE__)
  void *handle = dlopen("libcurl.4.dylib", RTLD_NOW | RTLD_LOCAL);
#else
  void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
#endif
  if (!handle) return dlerror();
#define CCURL_LOAD(name) \
  *(void **)&library->name = dlsym(handle, "curl_" #name); \
  if (!library->name) return dlerror();
  CCURL_FUNCTIONS(CCURL_LOAD)
#undef CCURL_LOAD
  return NULL;
}

typedef size_t (*ccurl_bytes_callback)(char *_Nullable, size_t, size_t, void *_Nullable);
typedef curl_socket_t (*ccurl_open_callback)(void *_Nullable, curlsocktype, struct curl_sockaddr *_Nullable);
typedef int (*ccurl_socket_callback)(CURL *_Nullable, curl_socket_t, int, void *_Nullable, void *_Nullable);
typedef int (*ccurl_timer_callback)(CURLM *_Nullable, long, void *_Nullable);

// Whether all of a request's options were taken. The strings are copied; the lists must stay until the request has ended.
static inline int ccurl_prepare(
    const ccurl_library *curl, CURL *easy, const char *url, const char *method, const void *body, size_t size,
    struct curl_slist *_Nullable headers, struct curl_slist *_Nullable addresses, const char *_Nullable authorities,
    char *error, void *context) {
  int ok = 1;
#define CCURL_SET(option, value) ok &= curl->easy_setopt(easy, option, value) == CURLE_OK
  CCURL_SET(CURLOPT_ERRORBUFFER, error);
  CCURL_SET(CURLOPT_PRIVATE, context);
  CCURL_SET(CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
  CCURL_SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  CCURL_SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  CCURL_SET(CURLOPT_POST, 1L);
  CCURL_SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
  CCURL_SET(CURLOPT_COPYPOSTFIELDS, body);
  CCURL_SET(CURLOPT_CUSTOMREQUEST, method);
  CCURL_SET(CURLOPT_HTTPHEADER, headers);
  CCURL_SET(CURLOPT_RESOLVE, addresses);
  CCURL_SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  CCURL_SET(CURLOPT_FOLLOWLOCATION, 0L);
  CCURL_SET(CURLOPT_NOSIGNAL, 1L);
  CCURL_SET(CURLOPT_PATH_AS_IS, 1L);
  // Variables of the environment name proxies: the address that is connected to would not be the target's.
  CCURL_SET(CURLOPT_PROXY, "");
  if (authorities != NULL) CCURL_SET(CURLOPT_CAINFO, authorities);
#undef CCURL_SET
  return ok;
}

static inline int ccurl_set_callbacks(
    const ccurl_library *curl, CURL *easy, void *context, ccurl_bytes_callback body, ccurl_bytes_callback head,
    ccurl_open_callback open) {
  return curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, body) == CURLE_OK &&
         curl->easy_setopt(easy, CURLOPT_WRITEDATA, context) == CURLE_OK &&
         curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, head) == CURLE_OK &&
         curl->easy_setopt(easy, CURLOPT_HEADERDATA, context) == CURLE_OK &&
         curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open) == CURLE_OK &&
         curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context) == CURLE_OK;
}

// Opens the socket that libcurl asked for; it is not inherited by child processes.
static inline curl_socket_t ccurl_open(const struct curl_sockaddr *address) {
#if defined(SOCK_CLOEXEC)
  int type = address->socktype | SOCK_CLOEXEC;
#else
  int type = address->socktype;
#endif
  return socket(address->family, type, address->protocol);
}

static inline int ccurl_multi_prepare(
    const ccurl_library *curl, CURLM *multi, ccurl_socket_callback socket, ccurl_timer_callback timer,
    void *context, long connections) {
  return curl->multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket) == CURLM_OK &&
         curl->multi_setopt(multi, CURLMOPT_SOCKETDATA, context) == CURLM_OK &&
         curl->multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer) == CURLM_OK &&
         curl->multi_setopt(multi, CURLMOPT_TIMERDATA, context) == CURLM_OK &&
         curl->multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections) == CURLM_OK;
}

static inline long ccurl_status(const ccurl_library *curl, CURL *easy) {
  long status = 0;
  curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

static inline void *_Nullable ccurl_context(const ccurl_library *curl, CURL *easy) {
  void *context = NULL;
  curl->easy_getinfo(easy, CURLINFO_PRIVATE, &context);
  return context;
}

// The next transfer that has ended, with its result; NULL if there is none.
static inline CURL *_Nullable ccurl_ended(const ccurl_library *curl, CURLM *multi, CURLcode *result) {
  int left = 0;
  CURLMsg *message;
  while ((message = curl->multi_info_read(multi, &left)) != NULL) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}

#pragma clang assume_nonnull end

#endif
