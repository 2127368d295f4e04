/* rf.command-type/1 (draft): what a technician can order. Runs on the server, in a sealed host without
 * services.
 *
 * Every function takes and writes one JSON document. Batches are {"items":[…]} with an answer of the same
 * length.
 *
 * describe()
 *   {} -> {"type","title","description","permission":"technician|approver|admin",
 *          "risk":"none|low|high|destructive","needs_approval":bool,
 *          "listed":bool (absent: true; false: a screen of its own orders it),
 *          "prepared_by":"type" (absent: none; the server orders that one, with the same parameters, while
 *          an order of this type waits for a maintenance window),
 *          "timeout_s":n (silence after it was accepted),
 *          "valid_s":n (how long an order waits for its machine; absent: a day),"max_attempts":n,
 *          "idempotency_fields":["…"],"parameters_schema":{…},"result_schema":{…} (of one action's result),
 *          "effects":["…"]}
 *   `type` is the plugin's own id. All but what may be absent has to be there, and nothing else may be.
 *   A screen draws the form from parameters_schema and shows results by result_schema: title, description,
 *   enum, default, and the limits of each property count.
 * validate()
 *   item {"parameters":{…}} -> {"ok":true} or {"ok":false,"field":"/updates/0","text":"…"}
 * plan()
 *   item {"parameters":{…},"agent":{"agent_id","hostname","mode","plugins":["apt"…]}}
 *   -> {"actions":[{"plugin":"apt","action":"plan","parameters":{…}}…]} or {"error":{"code","text"}}
 *   `code` is of a-z, 0-9, ".", "_" and "-", at most 64 bytes, and one of few: it is counted.
 *   One action "rollback" or "download" comes with "plan":{"steps":[…]}: exactly these steps are what the
 *   order binds.
 * on_result()
 *   item {"parameters":{…},"outcome":"succeeded|failed|refused|expired|cancelled",
 *         "results":[one for each action],"code","text"}
 *   -> {"effects":[{"effect":"…",…}]}
 *
 * Effects, at most 16 of an item, each {"effect":"NAME",…}. One that describe() did not declare spoils the
 * whole answer:
 *   updates.planned      {"plan":{…},"plan_hash":"…"}
 *                        the server compares it with the approval, then follows up, or waits
 *   updates.installed    {"updates":[{"name","arch","version"}],"needs_reboot":bool (absent: false)}
 *   updates.failed       {"class":"install|refused|offline","code","text"}
 *   updates.rolled_back  {"manager","updates":[{"name","arch","version","now"}]}
 *                        `version` was taken back to `now`
 *   follow_up            {"type":"…","parameters":{…}}
 *                        a new command to the same agent
 */
#ifndef REDFLAG_DRAFT_COMMAND_TYPE_H
#define REDFLAG_DRAFT_COMMAND_TYPE_H

#include "redflag/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RF_COMMAND_TYPE_1 "rf.command-type/1"
typedef struct rf_command_type_1 {
  uint64_t struct_size;
  /* All [main]. */
  rf_status (*describe)(rf_plugin* plugin, rf_sink result);
  rf_status (*validate)(rf_plugin* plugin, rf_str batch, rf_sink result);
  rf_status (*plan)(rf_plugin* plugin, rf_str batch, rf_sink result);
  rf_status (*on_result)(rf_plugin* plugin, rf_str batch, rf_sink result);
} rf_command_type_1;

#ifdef __cplusplus
}
#endif
#endif
