/* A scanner in plain C: which release of Debian this is. sdk/README.md shows how it is built. */
#include <stdlib.h>
#include <string.h>

#include "redflag/records.h"
#include "redflag/scanner.h"
#include "redflag/services.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

typedef struct release_plugin {
  rf_plugin head; /* first: the host's pointer is ours */
  const rf_host* host;
} release_plugin;

typedef struct release_text {
  char bytes[64];
  uint64_t size;
} release_text;

static rf_str text(const char* chars) {
  rf_str out;
  out.data = chars;
  out.size = strlen(chars);
  return out;
}

static rf_status append(void* data, rf_str piece) {
  release_text* into = (release_text*)data;
  if (piece.size > sizeof(into->bytes) - into->size) return RF_LIMIT;
  if (piece.size > 0) memcpy(into->bytes + into->size, piece.data, piece.size);
  into->size += piece.size;
  return RF_OK;
}

static rf_status readRelease(const rf_host* host, release_text* into) {
  const rf_file_1* file = (const rf_file_1*)host->service(host, text(RF_FILE_1));
  const rf_sink sink = {into, append};
  rf_status status;
  if (!RF_HAS(file, rf_file_1, read)) return RF_UNSUPPORTED;
  status = file->read(file, text("/etc/debian_version"), sizeof(into->bytes), sink);
  while (into->size > 0 && into->bytes[into->size - 1] == '\n')
    --into->size;
  return status;
}

static rf_status probe(rf_plugin* plugin, const rf_run* run) {
  release_text release = {{0}, 0};
  (void)run;
  return readRelease(((release_plugin*)plugin)->host, &release);
}

static rf_status scan(rf_plugin* plugin, const rf_run* run) {
  release_text release = {{0}, 0};
  rf_str value;
  rf_status status = readRelease(((release_plugin*)plugin)->host, &release);
  if (status != RF_OK) {
    run->report(run, status, text("release.unreadable"), text("/etc/debian_version cannot be read"));
    return status;
  }
  value.data = release.bytes;
  value.size = release.size;
  /* A refused put spoils the row, and the commit answers why. */
  status = run->begin_record(run, text(RF_FACT_1));
  if (status != RF_OK) return status;
  run->put_text(run, text(RF_FACT_1_NAME), text("org.example.release"));
  run->put_text(run, text(RF_FACT_1_VALUE), value);
  return run->commit_record(run);
}

static rf_status configure(rf_plugin* plugin, rf_str settings) {
  (void)plugin;
  (void)settings; /* the descriptor has no schema, so there are none */
  return RF_OK;
}

static const rf_scanner_1 kScanner = {sizeof(rf_scanner_1), probe, scan};

static const void* query(rf_plugin* plugin, rf_str id) {
  (void)plugin;
  if (id.size == strlen(RF_SCANNER_1) && memcmp(id.data, RF_SCANNER_1, id.size) == 0) return &kScanner;
  return NULL;
}

static void destroy(rf_plugin* plugin) {
  free(plugin);
}

static rf_plugin* create(const rf_host* host) {
  const rf_plugin head = {sizeof(rf_plugin), NULL, configure, query, destroy};
  release_plugin* plugin = (release_plugin*)malloc(sizeof(release_plugin));
  if (plugin == NULL) return NULL;
  plugin->head = head;
  plugin->host = host;
  return &plugin->head;
}

static const rf_str kInterfaces[] = {TEXT(RF_SCANNER_1)};
static const rf_str kKinds[] = {TEXT(RF_FACT_1)};
static const rf_capability kCapabilities[] = {{TEXT("read:/etc/debian_version"), 1, 0}};
static const rf_descriptor kDescriptor = {sizeof(rf_descriptor),
                                          TEXT("org.example.release"),
                                          TEXT("1.0.0"),
                                          TEXT("Release of Debian"),
                                          TEXT("Example"),
                                          {NULL, 0}, /* no settings */
                                          kInterfaces,
                                          1,
                                          kKinds,
                                          1,
                                          kCapabilities,
                                          1,
                                          NULL,
                                          0};
static const rf_library kLibrary = {sizeof(rf_library), RF_ABI_MAJOR, RF_ABI_MINOR, &kDescriptor, create};

const rf_library* rf_plugin_library_v1(void) {
  return &kLibrary;
}
