/* rf.http/1 (draft): questions to a service of this machine that listens on a local socket, such as a
 * container engine. A scanner's process has no sockets: the question is asked for it by whoever started it,
 * and only what that one's own list holds is asked at all: reading, never a change. All functions are [any].
 */
#ifndef REDFLAG_DRAFT_HTTP_H
#define REDFLAG_DRAFT_HTTP_H

#include "redflag/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RF_HTTP_1 "rf.http/1"
typedef struct rf_http_1 {
  uint64_t struct_size;
  void* service_data;
  /* GET `target` ("/images/json?all=1") at `socket`, an absolute path granted by "http:unix:SOCKET". RF_OK
   * when there was an answer, whatever it is: *http_status is its code, the sink has its body, and members
   * named "Env" are not in it.
   * RF_NOT_APPLICABLE: there is no such socket. RF_TRANSIENT: nobody listens, too slow, or no HTTP.
   * RF_DENIED: not granted, or not on the list. RF_LIMIT: the body has more than max_bytes (0: 4 MiB, which
   * is also the most). */
  rf_status (*get_local)(const struct rf_http_1* self, rf_str socket, rf_str target, uint64_t max_bytes,
                         rf_sink body, int32_t* http_status);
} rf_http_1;

#ifdef __cplusplus
}
#endif
#endif
