// What the package uses of libcurl; its variadic calls as functions.
#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

typedef size_t (*ccurl_bytes_callback)(char *_Nullable, size_t, size_t, void *_Nullable);
typedef curl_socket_t (*ccurl_open_callback)(void *_Nullable, curlsocktype, struct curl_sockaddr *_Nullable);
typedef int (*ccurl_socket_callback)(CURL *_Nullable, curl_socket_t, int, void *_Nullable, void *_Nullable);
typedef int (*ccurl_timer_callback)(CURLM *_Nullable, long, void *_Nullable);

// Whether all of a request's options were taken. The strings are copied; the lists must stay until the request has ended.
static inline int ccurl_prepare(
    CURL *_Nonnull easy, const char *_Nonnull url, const char *_Nonnull method, const void *_Nonnull body, size_t size,
    struct curl_slist *_Nullable headers, struct curl_slist *_Nullable addresses, const char *_Nullable authorities,
    char *_Nonnull error, void *_Nonnull context) {
  int ok = 1;
#define CCURL_SET(option, value) ok &= curl_easy_setopt(easy, option, value) == CURLE_OK
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
    CURL *_Nonnull easy, void *_Nonnull context, ccurl_bytes_callback _Nonnull body, ccurl_bytes_callback _Nonnull head,
    ccurl_open_callback _Nonnull open) {
  return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_WRITEDATA, context) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, head) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERDATA, context) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context) == CURLE_OK;
}

// Opens the socket that libcurl asked for; it is not inherited by child processes.
static inline curl_socket_t ccurl_open(const struct curl_sockaddr *_Nonnull address) {
#if defined(SOCK_CLOEXEC)
  int type = address->socktype | SOCK_CLOEXEC;
#else
  int type = address->socktype;
#endif
  return socket(address->family, type, address->protocol);
}

static inline int ccurl_multi_prepare(
    CURLM *_Nonnull multi, ccurl_socket_callback _Nonnull socket, ccurl_timer_callback _Nonnull timer,
    void *_Nonnull context, long connections) {
  return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket) == CURLM_OK &&
         curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context) == CURLM_OK &&
         curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer) == CURLM_OK &&
         curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context) == CURLM_OK &&
         curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections) == CURLM_OK;
}

static inline long ccurl_status(CURL *_Nonnull easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

static inline void *_Nullable ccurl_context(CURL *_Nonnull easy) {
  void *context = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
  return context;
}

// The next transfer that has ended, with its result; NULL if there is none.
static inline CURL *_Nullable ccurl_ended(CURLM *_Nonnull multi, CURLcode *_Nonnull result) {
  int left = 0;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi, &left)) != NULL) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}

#endif
