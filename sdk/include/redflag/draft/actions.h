/* rf.actions/1 (draft): what a plugin can do when an order tells it to, beside updating: restart a service,
 * reboot, look something up. An action is ordered as `<plugin>/<name>`.
 *
 * list() writes one JSON object, the same each time for the same settings:
 *   {"actions":[{"name":"restart","title":"…","description":"…","risk":"none|low|high|destructive",
 *                "parameters_schema":{…}}…]}
 *   name: lower case letters, digits, '_' and '-', at most 64; plan, download, install, verify, rollback and
 *   repair are the updater's. parameters_schema: JSON Schema (draft 7) of an object. risk "none" promises
 * that it changes nothing: it runs sealed and without rights, on machines in report mode, too. Every other
 * one is run by the executor: as root, if the machine's own policy allows `<plugin>/<name>`, sealed from what
 * the plugin was granted unless `root` is among that.
 *
 * run() gets {"action":"restart","parameters":{…}}, valid against the schema, and writes its result, one JSON
 * object. What it changed must be true if it answers RF_OK. A run that was killed half-way is never begun
 * again: the order has failed.
 *   "reboots": {"after_s":n,"kernel":"…"} in the result (after_s: at most a day; kernel: the release expected
 *   afterwards, or absent) says that the machine will be started anew: the order then ends when it is back,
 *   under another boot id, or half an hour after it should have gone. A newer kernel of the same flavour is
 *   as good. A later promise of the same plugin takes the place of this one.
 *   "reboot_cancelled": true says that such a promise of the same plugin is taken back.
 */
#ifndef REDFLAG_DRAFT_ACTIONS_H
#define REDFLAG_DRAFT_ACTIONS_H

#include "redflag/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RF_ACTIONS_1 "rf.actions/1"
typedef struct rf_actions_1 {
  uint64_t struct_size;
  /* Both [main]. */
  rf_status (*list)(rf_plugin* plugin, rf_sink result);
  rf_status (*run)(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result);
} rf_actions_1;

#ifdef __cplusplus
}
#endif
#endif
