/* Every public C header by itself, in one unit; compiled as each standard a third party may use. */
#include "redflag/abi.h"
#include "redflag/draft/actions.h"
#include "redflag/draft/command_type.h"
#include "redflag/draft/http.h"
#include "redflag/draft/progress.h"
#include "redflag/draft/updater.h"
#include "redflag/records.h"
#include "redflag/scanner.h"
#include "redflag/services.h"

const rf_library* rf_plugin_library_v1(void) {
  return NULL;
}
