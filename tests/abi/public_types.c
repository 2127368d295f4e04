/* Every public struct as an argument of something exported: what abidiff compares with the baseline. */
#include "redflag/draft/actions.h"
#include "redflag/draft/command_type.h"
#include "redflag/draft/http.h"
#include "redflag/draft/progress.h"
#include "redflag/draft/updater.h"
#include "redflag/scanner.h"
#include "redflag/services.h"

#define PUBLIC(type)             \
  void public_##type(type* it);  \
  void public_##type(type* it) { \
    (void)it;                    \
  }

PUBLIC(rf_str)
PUBLIC(rf_sink)
PUBLIC(rf_run)
PUBLIC(rf_host)
PUBLIC(rf_capability)
PUBLIC(rf_descriptor)
PUBLIC(rf_plugin)
PUBLIC(rf_library)
PUBLIC(rf_scanner_1)
PUBLIC(rf_log_1)
PUBLIC(rf_clock_1)
PUBLIC(rf_state_1)
PUBLIC(rf_file_info)
PUBLIC(rf_file_1)
PUBLIC(rf_exec_options)
PUBLIC(rf_exec_1)
PUBLIC(rf_command_type_1)
PUBLIC(rf_updater_1)
PUBLIC(rf_actions_1)
PUBLIC(rf_progress_1)
PUBLIC(rf_http_1)
