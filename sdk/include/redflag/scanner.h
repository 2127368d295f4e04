/* rf.scanner/1: finds out, changes nothing. Frozen with 1.0. */
#ifndef REDFLAG_SCANNER_H
#define REDFLAG_SCANNER_H

#include "redflag/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RF_SCANNER_1 "rf.scanner/1"

typedef struct rf_scanner_1 {
  uint64_t struct_size;
  /* [main] Is there anything here to scan? RF_OK, RF_NOT_APPLICABLE or why not. Quick; emits no records. */
  rf_status (*probe)(rf_plugin* plugin, const rf_run* run);
  /* [main] Emits records through `run`. The host lowers an RF_OK if a put or commit failed. */
  rf_status (*scan)(rf_plugin* plugin, const rf_run* run);
} rf_scanner_1;

#ifdef __cplusplus
}
#endif
#endif
