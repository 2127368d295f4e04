/* rf.progress/1 (draft): how far long work is, and its raw log, for the person who watches. All functions are
 * [any]. */
#ifndef REDFLAG_DRAFT_PROGRESS_H
#define REDFLAG_DRAFT_PROGRESS_H

#include "redflag/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RF_PROGRESS_1 "rf.progress/1"
typedef struct rf_progress_1 {
  uint64_t struct_size;
  void* service_data;
  /* percent 0..100; `text` says what is being done now. */
  void (*update)(const struct rf_progress_1* self, int32_t percent, rf_str text);
  /* One line of raw output, e.g. dpkg's. */
  void (*line)(const struct rf_progress_1* self, rf_str text);
} rf_progress_1;

#ifdef __cplusplus
}
#endif
#endif
