/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl. Its setters take any type, which Swift can't call: here is one for each type. */
#pragma once
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>

static inline CURLcode egress_curl_set_long(CURL *easy, CURLoption option, long value) { return curl_easy_setopt(easy, option, value); }
static inline CURLcode egress_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) { return curl_easy_setopt(easy, option, value); }
/* A NUL-terminated text: libcurl copies it, CURLOPT_POSTFIELDS aside. NULL takes the option back. */
static inline CURLcode egress_curl_set_text(CURL *easy, CURLoption option, const char *value) { return curl_easy_setopt(easy, option, value); }
static inline CURLcode egress_curl_set_pointer(CURL *easy, CURLoption option, void *value) { return curl_easy_setopt(easy, option, value); }
static inline CURLcode egress_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) { return curl_easy_setopt(easy, option, value); }
/* PEM bytes, copied by libcurl. */
static inline CURLcode egress_curl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count)
{
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, &blob);
}
/* A body, copied by libcurl. */
static inline CURLcode egress_curl_set_body(CURL *easy, const void *bytes, size_t count)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, count > 0 ? bytes : "") : code;
}
typedef size_t (*egress_curl_data_callback)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode egress_curl_set_callback(CURL *easy, CURLoption option, egress_curl_data_callback callback)
{
    return curl_easy_setopt(easy, option, callback);
}

/* A socket that programs we start don't inherit, and that notices within so many seconds that its peer is gone: probes
   of an idle connection by keep-alive, and an end to what stays unacknowledged by TCP_USER_TIMEOUT (tcp(7)). */
static inline curl_socket_t egress_curl_open_socket(void *seconds, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (descriptor < 0) return CURL_SOCKET_BAD;
    if (address->family == AF_INET || address->family == AF_INET6) {
        unsigned int limit = (unsigned int)(intptr_t)seconds * 1000;
        setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
    }
    return descriptor;
}
static inline CURLcode egress_curl_use_live_sockets(CURL *easy, long seconds)
{
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, seconds * 2 / 3 > 0 ? seconds * 2 / 3 : 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, seconds / 6 > 0 ? seconds / 6 : 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, (void *)(intptr_t)seconds);
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, egress_curl_open_socket);
}

static inline CURLcode egress_curl_get_long(CURL *easy, CURLINFO info, long *value) { return curl_easy_getinfo(easy, info, value); }
static inline CURLcode egress_curl_get_pointer(CURL *easy, CURLINFO info, void **value) { return curl_easy_getinfo(easy, info, value); }
static inline CURLcode egress_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) { return curl_easy_getinfo(easy, info, value); }
static inline CURLcode egress_curl_get_certificates(CURL *easy, struct curl_certinfo **value) { return curl_easy_getinfo(easy, CURLINFO_CERTINFO, value); }
static inline CURLMcode egress_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) { return curl_multi_setopt(multi, option, value); }
