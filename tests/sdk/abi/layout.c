/* What a compiled plugin of ABI 1.0 believes about every struct and constant, on 64-bit machines. A line here
 * changes only together with RF_ABI_MAJOR; members appended later get lines of their own. */
#include "redflag/draft/actions.h"
#include "redflag/draft/command_type.h"
#include "redflag/draft/http.h"
#include "redflag/draft/progress.h"
#include "redflag/draft/updater.h"
#include "redflag/scanner.h"
#include "redflag/services.h"

#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member)
#define SIZE(type, bytes) _Static_assert(sizeof(type) >= (bytes), #type " shrank")
#define EXACT(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " is frozen for ever")
#define VALUE(constant, value) _Static_assert((constant) == (value), #constant)

VALUE(RF_ABI_MAJOR, 1u);
EXACT(rf_status, 4);
VALUE(RF_OK, 0);
VALUE(RF_TRANSIENT, 1);
VALUE(RF_PERMANENT, 2);
VALUE(RF_DENIED, 3);
VALUE(RF_CANCELLED, 4);
VALUE(RF_LIMIT, 5);
VALUE(RF_UNSUPPORTED, 6);
VALUE(RF_INVALID, 7);
VALUE(RF_NOT_APPLICABLE, 8);
VALUE(RF_MISCONFIGURED, 9);
VALUE(RF_INTERNAL, 10);
EXACT(rf_purpose, 4);
VALUE(RF_PURPOSE_UPDATES, 1u);
VALUE(RF_PURPOSE_INVENTORY, 2u);
VALUE(RF_PURPOSE_VERIFY, 3u);
EXACT(rf_log_level, 4);
VALUE(RF_LOG_DEBUG, 1u);
VALUE(RF_LOG_INFO, 2u);
VALUE(RF_LOG_WARNING, 3u);
VALUE(RF_LOG_ERROR, 4u);

EXACT(rf_str, 16);
AT(rf_str, data, 0);
AT(rf_str, size, 8);
EXACT(rf_sink, 16);
AT(rf_sink, sink_data, 0);
AT(rf_sink, write, 8);

SIZE(rf_run, 120);
AT(rf_run, struct_size, 0);
AT(rf_run, deadline_ns, 8);
AT(rf_run, purpose, 16);
AT(rf_run, reserved, 20);
AT(rf_run, run_data, 24);
AT(rf_run, cancelled, 32);
AT(rf_run, begin_scope, 40);
AT(rf_run, end_scope, 48);
AT(rf_run, begin_record, 56);
AT(rf_run, put_text, 64);
AT(rf_run, put_int, 72);
AT(rf_run, put_real, 80);
AT(rf_run, put_time, 88);
AT(rf_run, commit_record, 96);
AT(rf_run, discard_record, 104);
AT(rf_run, report, 112);

SIZE(rf_host, 32);
AT(rf_host, struct_size, 0);
AT(rf_host, abi_minor, 8);
AT(rf_host, reserved, 12);
AT(rf_host, host_data, 16);
AT(rf_host, service, 24);

EXACT(rf_capability, 24); /* travels in arrays: it can never grow */
AT(rf_capability, spec, 0);
AT(rf_capability, required, 16);
AT(rf_capability, reserved, 20);

SIZE(rf_descriptor, 152);
AT(rf_descriptor, struct_size, 0);
AT(rf_descriptor, id, 8);
AT(rf_descriptor, version, 24);
AT(rf_descriptor, name, 40);
AT(rf_descriptor, vendor, 56);
AT(rf_descriptor, config_schema, 72);
AT(rf_descriptor, interfaces, 88);
AT(rf_descriptor, interface_count, 96);
AT(rf_descriptor, record_kinds, 104);
AT(rf_descriptor, record_kind_count, 112);
AT(rf_descriptor, capabilities, 120);
AT(rf_descriptor, capability_count, 128);
AT(rf_descriptor, requires_libraries, 136);
AT(rf_descriptor, requires_count, 144);

SIZE(rf_plugin, 40);
AT(rf_plugin, struct_size, 0);
AT(rf_plugin, plugin_data, 8);
AT(rf_plugin, configure, 16);
AT(rf_plugin, query, 24);
AT(rf_plugin, destroy, 32);

SIZE(rf_library, 32);
AT(rf_library, struct_size, 0);
AT(rf_library, abi_major, 8);
AT(rf_library, abi_minor, 12);
AT(rf_library, descriptor, 16);
AT(rf_library, create, 24);

SIZE(rf_scanner_1, 24);
AT(rf_scanner_1, struct_size, 0);
AT(rf_scanner_1, probe, 8);
AT(rf_scanner_1, scan, 16);

SIZE(rf_log_1, 24);
AT(rf_log_1, service_data, 8);
AT(rf_log_1, write, 16);
SIZE(rf_clock_1, 32);
AT(rf_clock_1, service_data, 8);
AT(rf_clock_1, epoch_ns, 16);
AT(rf_clock_1, monotonic_ns, 24);
SIZE(rf_state_1, 32);
AT(rf_state_1, service_data, 8);
AT(rf_state_1, get, 16);
AT(rf_state_1, put, 24);
SIZE(rf_file_info, 40);
AT(rf_file_info, struct_size, 0);
AT(rf_file_info, size_bytes, 8);
AT(rf_file_info, modified_ns, 16);
AT(rf_file_info, inode, 24);
AT(rf_file_info, is_directory, 32);
AT(rf_file_info, reserved, 36);
SIZE(rf_file_1, 40);
AT(rf_file_1, service_data, 8);
AT(rf_file_1, read, 16);
AT(rf_file_1, info, 24);
AT(rf_file_1, list, 32);
SIZE(rf_exec_options, 24);
AT(rf_exec_options, struct_size, 0);
AT(rf_exec_options, timeout_ns, 8);
AT(rf_exec_options, max_output_bytes, 16);
SIZE(rf_exec_1, 24);
AT(rf_exec_1, service_data, 8);
AT(rf_exec_1, run, 16);

/* Drafts: not frozen, but host and plugins of one build must agree. */
SIZE(rf_updater_1, 56);
AT(rf_updater_1, plan, 8);
AT(rf_updater_1, repair, 48);
SIZE(rf_actions_1, 24);
AT(rf_actions_1, list, 8);
AT(rf_actions_1, run, 16);
SIZE(rf_command_type_1, 40);
AT(rf_command_type_1, describe, 8);
AT(rf_command_type_1, on_result, 32);
SIZE(rf_progress_1, 32);
AT(rf_progress_1, update, 16);
AT(rf_progress_1, line, 24);
SIZE(rf_http_1, 24);
AT(rf_http_1, get_local, 16);
