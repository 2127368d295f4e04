/* The services a host offers by id. Frozen with 1.0. All functions are [any]; all enforce the plugin's
 * capabilities. */
#ifndef REDFLAG_SERVICES_H
#define REDFLAG_SERVICES_H

#include "redflag/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* rf.log/1: for the agent's log, not for the technician (that is rf_run.report). Lines over 4 KiB are cut. */
#define RF_LOG_1 "rf.log/1"
typedef uint32_t rf_log_level;
#define RF_LOG_DEBUG ((rf_log_level)1)
#define RF_LOG_INFO ((rf_log_level)2)
#define RF_LOG_WARNING ((rf_log_level)3)
#define RF_LOG_ERROR ((rf_log_level)4)
typedef struct rf_log_1 {
  uint64_t struct_size;
  void* service_data;
  void (*write)(const struct rf_log_1* self, rf_log_level level, rf_str text);
} rf_log_1;

/* rf.clock/1 */
#define RF_CLOCK_1 "rf.clock/1"
typedef struct rf_clock_1 {
  uint64_t struct_size;
  void* service_data;
  int64_t (*epoch_ns)(const struct rf_clock_1* self);
  int64_t (*monotonic_ns)(const struct rf_clock_1* self);
} rf_clock_1;

/* rf.state/1: what a plugin keeps between runs. Keys match [a-z0-9._-]{1,64}; a value has at most 4 MiB, all
 * values of a plugin 16 MiB. What is put is kept only if the run ends with RF_OK, all of it at once. */
#define RF_STATE_1 "rf.state/1"
typedef struct rf_state_1 {
  uint64_t struct_size;
  void* service_data;
  /* RF_NOT_APPLICABLE when nothing is kept under that key. */
  rf_status (*get)(const struct rf_state_1* self, rf_str key, rf_sink value);
  rf_status (*put)(const struct rf_state_1* self, rf_str key, rf_str value);
} rf_state_1;

/* rf.file/1: reading under the plugin's "read:" capabilities. Symbolic links are followed only to readable
 * places. */
#define RF_FILE_1 "rf.file/1"
typedef struct rf_file_info {
  uint64_t struct_size; /* set by the caller */
  uint64_t size_bytes;
  int64_t modified_ns;
  uint64_t inode;
  uint32_t is_directory;
  uint32_t reserved;
} rf_file_info;
typedef struct rf_file_1 {
  uint64_t struct_size;
  void* service_data;
  /* RF_NOT_APPLICABLE: no such file. RF_LIMIT: larger than max_bytes (nothing was written to the sink). */
  rf_status (*read)(const struct rf_file_1* self, rf_str path, uint64_t max_bytes, rf_sink content);
  rf_status (*info)(const struct rf_file_1* self, rf_str path, rf_file_info* out);
  /* One sink call for each entry's name, sorted by bytes, without "." and "..". */
  rf_status (*list)(const struct rf_file_1* self, rf_str path, rf_sink names);
} rf_file_1;

/* rf.exec/1: a child in the host's own process group, argv only (no shell), environment built by the host
 * (LC_ALL=C.UTF-8, PATH), stdin from /dev/null, dead when the run's deadline is over. argv[0] must be granted
 * by an "exec:" capability. */
#define RF_EXEC_1 "rf.exec/1"
typedef struct rf_exec_options {
  uint64_t struct_size;
  int64_t timeout_ns;        /* 0: until the run's deadline */
  uint64_t max_output_bytes; /* of each stream; 0: 16 MiB. More ends the child with RF_LIMIT */
} rf_exec_options;
typedef struct rf_exec_1 {
  uint64_t struct_size;
  void* service_data;
  /* RF_OK when the child ran to its end: *exit_code is its code, or 128 + the signal's number. */
  rf_status (*run)(const struct rf_exec_1* self, const rf_str* argv, uint64_t argc,
                   const rf_exec_options* options, rf_sink out, rf_sink err, int32_t* exit_code);
} rf_exec_1;

#ifdef __cplusplus
}
#endif
#endif
