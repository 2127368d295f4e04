/* rf.updater/1 (draft): plans without changing anything, then does exactly what was planned.
 *
 * A request is one JSON object:
 *   {"updates":[{"name","arch","version"}…],   what was approved: install exactly these versions
 *    "plan":{…},                               download, install, verify, rollback: the plan that was
 *                                              confirmed, as plan() wrote it
 *    "rollback":true}                          plan and rollback only: these versions are older than what is
 *                                              installed, and nothing else may change
 * plan() writes one JSON object:
 *   {"steps":[{"operation":"install|upgrade|remove|downgrade","name","arch","from","to","category","requested":bool}…],
 *    "download_bytes":n,"installed_bytes_delta":n,"needs_reboot":bool,"restarts":["unit"…]}
 * `restarts` names the running services that use what the plan replaces or removes, and so run what is old
 * until they are restarted; of container images, the containers that are made anew. Where others may do so as
 * well, "restarts_incomplete":true stands beside it.
 * `from` is "" for a new package, `to` is "" for a removal. Steps are sorted by (name, arch, operation,
 * from, to).
 * verify() writes {"updates":[{"name","arch","version","installed_version","verified":bool}…]}: what is
 * installed now, "" for nothing, and whether that is the wanted version or a newer one.
 * install() and rollback() write {"steps":[the same, each with "result":"done|failed|not_started"]}. If the
 * plan cannot be made again exactly (something changed), it changes nothing and returns RF_PERMANENT with a
 * report coded "<plugin>.plan_changed". A rollback whose versions cannot be had any more is refused while it
 * is planned: "<plugin>.version_gone", with each package and version in the text.
 */
#ifndef REDFLAG_DRAFT_UPDATER_H
#define REDFLAG_DRAFT_UPDATER_H

#include "redflag/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RF_UPDATER_1 "rf.updater/1"
typedef struct rf_updater_1 {
  uint64_t struct_size;
  /* All [main]. A function that a manager cannot offer answers RF_UNSUPPORTED and is never NULL. */
  rf_status (*plan)(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result);
  rf_status (*download)(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result);
  rf_status (*install)(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result);
  rf_status (*verify)(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result);
  rf_status (*rollback)(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result);
  /* Mends what a killed install left (`dpkg --configure -a`); the request is {}. */
  rf_status (*repair)(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result);
} rf_updater_1;

#ifdef __cplusplus
}
#endif
#endif
