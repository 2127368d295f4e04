/* RedFlag plugin ABI 1: the core. Pure C, frozen with 1.0.
 *
 * One library is one plugin. It exports exactly one function, rf_plugin_library_v1(); everything else is a
 * table asked for by a string id. Every struct that may grow begins with its own size in bytes
 * (`struct_size`), set by whoever made it; a reader uses RF_HAS() before it touches a member that was
 * appended later. Members are only ever appended.
 *
 * Text is UTF-8 with a length and need not end with a NUL. Times are signed nanoseconds since the Unix epoch
 * unless a comment says monotonic. Nobody frees what the other side made; arguments live for the call;
 * results travel through callbacks. Nothing may be thrown or longjmp'ed across these functions, and no plugin
 * may install signal handlers.
 *
 * Thread tags: [main] one call at a time into one plugin object, from any thread; [any] from any thread, but
 * only while a [main] call into the plugin is running.
 */
#ifndef REDFLAG_ABI_H
#define REDFLAG_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RF_ABI_MAJOR 1u
#define RF_ABI_MINOR 0u

#if defined(_WIN32)
#define RF_EXPORT __declspec(dllexport)
#else
#define RF_EXPORT __attribute__((visibility("default")))
#endif

/* True when *ptr, as sized by whoever made it, contains `field`. */
#define RF_HAS(ptr, type, field) \
  ((ptr) != NULL && (ptr)->struct_size >= offsetof(type, field) + sizeof((ptr)->field))

/* How a call ended: the kind of failure, on which the breaker and the retry policy decide. */
typedef int32_t rf_status;
#define RF_OK ((rf_status)0)
#define RF_TRANSIENT ((rf_status)1)      /* may work later: a lock is held, a server is away */
#define RF_PERMANENT ((rf_status)2)      /* will not work until somebody mends something */
#define RF_DENIED ((rf_status)3)         /* a capability or permission is missing */
#define RF_CANCELLED ((rf_status)4)      /* stopped because it was asked to */
#define RF_LIMIT ((rf_status)5)          /* a budget is used up: records, bytes, time */
#define RF_UNSUPPORTED ((rf_status)6)    /* this side does not offer that */
#define RF_INVALID ((rf_status)7)        /* the caller broke the contract, or input is malformed */
#define RF_NOT_APPLICABLE ((rf_status)8) /* the thing to look at does not exist on this machine */
#define RF_MISCONFIGURED ((rf_status)9)  /* settings are well-formed but cannot work here */
#define RF_INTERNAL ((rf_status)10)      /* a defect */

/* Bytes with a length. Frozen for ever, therefore the one struct passed by value. `data` may be NULL if size
 * is 0. */
typedef struct rf_str {
  const char* data;
  uint64_t size;
} rf_str;

/* Takes a result in one or more pieces, in order. A status other than RF_OK tells the writer to stop. Frozen
 * like rf_str. */
typedef struct rf_sink {
  void* sink_data;
  rf_status (*write)(void* sink_data, rf_str bytes); /* [any] */
} rf_sink;

/* Why a scan runs. `verify` follows an install: it must look at the outside world, never answer from kept
 * state. */
typedef uint32_t rf_purpose;
#define RF_PURPOSE_UPDATES ((rf_purpose)1)
#define RF_PURPOSE_INVENTORY ((rf_purpose)2)
#define RF_PURPOSE_VERIFY ((rf_purpose)3)

/* One run, made by the host, valid for the [main] call it is an argument of. All functions are [any]. */
typedef struct rf_run rf_run;
struct rf_run {
  uint64_t struct_size;
  int64_t deadline_ns; /* monotonic (rf.clock/1); two seconds after it a scanner's process group is killed */
  rf_purpose purpose;
  uint32_t reserved; /* 0 */
  void* run_data;

  uint32_t (*cancelled)(const rf_run* run); /* 1: stop soon and return RF_CANCELLED */

  /* A scope is a source whose answer can fail by itself: an archive, a registry, a mount. Rows committed
   * between begin and end belong to it and are its whole truth only if it ended with RF_OK. Scopes do not
   * nest. A scanner that begins none has one, with the key "". */
  rf_status (*begin_scope)(const rf_run* run, rf_str key);
  rf_status (*end_scope)(const rf_run* run, rf_status status);

  /* One typed row: begin, put each field, then commit or discard. `kind` is NAME/REV, e.g. "update/1"
   * (records.h). A list is the same text field put repeatedly. A put into an unknown field answers RF_INVALID
   * and spoils the row. */
  rf_status (*begin_record)(const rf_run* run, rf_str kind);
  rf_status (*put_text)(const rf_run* run, rf_str field, rf_str value);
  rf_status (*put_int)(const rf_run* run, rf_str field, int64_t value);
  rf_status (*put_real)(const rf_run* run, rf_str field, double value);
  rf_status (*put_time)(const rf_run* run, rf_str field, int64_t epoch_ns);
  rf_status (*commit_record)(const rf_run* run);
  rf_status (*discard_record)(const rf_run* run);

  /* Explains, never decides: a stable dotted code ("apt.lists_stale") and a sentence for people. */
  rf_status (*report)(const rf_run* run, rf_status status, rf_str code, rf_str text);
};

/* What the host offers for the whole life of the plugin. */
typedef struct rf_host rf_host;
struct rf_host {
  uint64_t struct_size;
  uint32_t abi_minor;
  uint32_t reserved; /* 0 */
  void* host_data;
  /* [any] The table of a service ("rf.log/1"), or NULL if this host does not offer it. Valid until destroy
   * returns. */
  const void* (*service)(const rf_host* host, rf_str id);
};

/* Pure data; readable without creating the plugin. Every pointer lives as long as the library is loaded. */
typedef struct rf_capability {
  rf_str spec;       /* "exec:/usr/bin/dnf", "read:{root}/var/lib/dpkg", "write:…", "net:any" */
  uint32_t required; /* 1: without it the plugin is not run */
  uint32_t reserved; /* 0 */
} rf_capability;

typedef struct rf_descriptor {
  uint64_t struct_size;
  rf_str id;      /* "apt"; third parties: reverse DNS, "org.example.flatpak" */
  rf_str version; /* semantic version */
  rf_str name;    /* for people */
  rf_str vendor;
  rf_str config_schema;     /* JSON Schema (draft 7) of `settings`, an object; "" = no settings */
  const rf_str* interfaces; /* ids that query() answers, e.g. "rf.scanner/1" */
  uint64_t interface_count;
  const rf_str* record_kinds; /* kinds it may emit */
  uint64_t record_kind_count;
  const rf_capability* capabilities;
  uint64_t capability_count;
  const rf_str*
      requires_libraries; /* sonames whose absence means "not applicable", e.g. "libapt-pkg.so.6.0" */
  uint64_t requires_count;
} rf_descriptor;

/* One plugin object. */
typedef struct rf_plugin rf_plugin;
struct rf_plugin {
  uint64_t struct_size;
  void* plugin_data;
  /* [main] `settings`: one JSON object, valid against config_schema with defaults filled in. At most once,
   * before use. */
  rf_status (*configure)(rf_plugin* plugin, rf_str settings);
  /* [main] The table of an interface ("rf.scanner/1"), or NULL. Valid until destroy. */
  const void* (*query)(rf_plugin* plugin, rf_str interface_id);
  /* [main] Joins every thread the plugin made, then frees it. */
  void (*destroy)(rf_plugin* plugin);
};

typedef struct rf_library {
  uint64_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  const rf_descriptor* descriptor;
  /* [main] NULL when it cannot be made. `host` outlives the plugin. */
  rf_plugin* (*create)(const rf_host* host);
} rf_library;

/* The one exported symbol. Cheap, no side effects, the same answer each time. */
RF_EXPORT const rf_library* rf_plugin_library_v1(void);

#ifdef __cplusplus
}
#endif
#endif
