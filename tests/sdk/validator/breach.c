/* A scanner that keeps the contract. Compiled with one of the BREACH_… macros it breaks one rule of it. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redflag/scanner.h"
#include "redflag/services.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

#ifdef BREACH_ABI
#define ABI_MAJOR (RF_ABI_MAJOR + 1)
#else
#define ABI_MAJOR RF_ABI_MAJOR
#endif
#ifdef BREACH_VERSION
#define VERSION "one"
#else
#define VERSION "1.0.0"
#endif
#ifdef BREACH_SCHEMA
#define TYPE "integr"
#else
#define TYPE "integer"
#endif

static rf_str text(const char* chars) {
  rf_str out;
  out.data = chars;
  out.size = strlen(chars);
  return out;
}

static rf_status ignore(void* data, rf_str bytes) {
  (void)data;
  (void)bytes;
  return RF_OK;
}

#ifdef BREACH_PARSER
/* Believes that every line has its '='. */
static rf_status parse(void* data, rf_str bytes) {
  uint64_t begin = 0;
  uint64_t at;
  (void)data;
  for (at = 0; at < bytes.size; ++at) {
    if (bytes.data[at] != '\n') continue;
    if (memchr(bytes.data + begin, '=', at - begin) == NULL) abort();
    begin = at + 1;
  }
  return RF_OK;
}
#endif

#ifdef BREACH_THREAD
static void* sleepForEver(void* nothing) {
  for (;;)
    pause();
  return nothing;
}
#endif

#ifdef BREACH_SIGNAL
static void onSignal(int signal_number) {
  (void)signal_number;
}
#endif

static rf_status readSomething(const rf_host* host) {
#ifdef BREACH_PARSER
  const rf_sink nowhere = {NULL, parse};
#else
  const rf_sink nowhere = {NULL, ignore};
#endif
  const rf_file_1* file = (const rf_file_1*)host->service(host, text(RF_FILE_1));
#ifdef BREACH_MISSING
  if (file == NULL) abort();
#endif
  if (file == NULL) return RF_UNSUPPORTED;
#ifdef BREACH_SILENT
  file->read(file, text("/etc/os-release"), 1 << 16, nowhere);
  return RF_OK;
#else
  return file->read(file, text("/etc/os-release"), 1 << 16, nowhere);
#endif
}

static void remember(const rf_host* host) {
  const rf_sink nowhere = {NULL, ignore};
  const rf_state_1* state = (const rf_state_1*)host->service(host, text(RF_STATE_1));
  if (state == NULL) return;
#ifdef BREACH_HANG
  while (state->get(state, text("seen"), nowhere) == RF_TRANSIENT)
    usleep(1000);
#else
  state->get(state, text("seen"), nowhere);
#endif
  state->put(state, text("seen"), text("1"));
}

static rf_status tell(const rf_run* run) {
  rf_status committed;
  char key[] = "package0";
#ifdef BREACH_ROWS
  static char digit = '0';
  key[sizeof(key) - 2] = digit++;
#endif
  run->begin_record(run, text("update/1"));
  run->put_text(run, text("key"), text(key));
  run->put_text(run, text("name"), text("package"));
  run->put_text(run, text("candidate_version"), text("2"));
#ifdef BREACH_FIELD
  run->put_text(run, text("colour"), text("red"));
#endif
  committed = run->commit_record(run);
#ifdef BREACH_LIMIT
  if (committed == RF_LIMIT) exit(1);
#endif
  return committed;
}

static rf_status probe(rf_plugin* plugin, const rf_run* run) {
  (void)plugin;
  (void)run;
  return RF_OK;
}

static rf_status scan(rf_plugin* plugin, const rf_run* run) {
  const rf_host* host = (const rf_host*)plugin->plugin_data;
  rf_status status;
#ifdef BREACH_CANCEL
  if (run->cancelled(run)) usleep(2100000);
#endif
#ifdef BREACH_CRASH
  abort();
#endif
#ifdef BREACH_OUTPUT
  if (write(1, "scanning\n", 9) != 9) return RF_TRANSIENT;
#endif
#ifdef BREACH_SIGNAL
  signal(SIGUSR1, onSignal);
#endif
#ifdef BREACH_REPORT
  run->report(run, RF_OK, text("Scan Went Well"), text("all fine"));
#endif
#ifdef BREACH_THREAD
  {
    pthread_t thread;
    if (pthread_create(&thread, NULL, sleepForEver, NULL) == 0) pthread_detach(thread);
  }
#endif
  if (run->cancelled(run)) return RF_CANCELLED;
  status = readSomething(host);
  if (status != RF_OK) return status;
  remember(host);
  status = tell(run);
#ifdef BREACH_STATUS
  return (rf_status)77;
#else
  return status;
#endif
}

static rf_status configure(rf_plugin* plugin, rf_str settings) {
  (void)plugin;
#ifdef BREACH_SETTINGS
  (void)settings;
  return RF_OK;
#else
  return settings.size == 2 && memcmp(settings.data, "{}", 2) == 0 ? RF_OK : RF_INVALID;
#endif
}

static const rf_scanner_1 kScanner = {sizeof(rf_scanner_1), probe, scan};

static const void* query(rf_plugin* plugin, rf_str id) {
  (void)plugin;
#ifdef BREACH_QUERY
  (void)id;
  return &kScanner;
#else
  if (id.size == strlen(RF_SCANNER_1) && memcmp(id.data, RF_SCANNER_1, id.size) == 0) return &kScanner;
  return NULL;
#endif
}

static void destroy(rf_plugin* plugin) {
  free(plugin);
}

static rf_plugin* create(const rf_host* host) {
  const rf_plugin made = {sizeof(rf_plugin), NULL, configure, query, destroy};
  rf_plugin* plugin;
#ifdef BREACH_LARGER
  if (host->struct_size != sizeof(rf_host)) return NULL;
#endif
#ifdef BREACH_LEAK
  if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) return NULL;
#endif
  plugin = (rf_plugin*)malloc(sizeof(rf_plugin));
  if (plugin == NULL) return NULL;
  *plugin = made;
  plugin->plugin_data = (void*)host;
  return plugin;
}

static const rf_str kInterfaces[] = {TEXT(RF_SCANNER_1)};
static const rf_str kKinds[] = {TEXT("update/1")};
static const rf_capability kCapabilities[] = {{TEXT("read:/etc/os-release"), 1, 0}};
static const rf_descriptor kDescriptor = {
    sizeof(rf_descriptor),
    TEXT(PLUGIN_ID),
    TEXT(VERSION),
    TEXT("Breach"),
    TEXT("RedFlag"),
    TEXT("{\"type\":\"object\",\"properties\":{\"size\":{\"type\":\"" TYPE "\"}}}"),
    kInterfaces,
    1,
    kKinds,
    1,
    kCapabilities,
    1,
    NULL,
    0};
static const rf_library kLibrary = {sizeof(rf_library), ABI_MAJOR, RF_ABI_MINOR, &kDescriptor, create};

#ifdef BREACH_ENTRY
const rf_library* rf_plugin_library_v1(void) {
  static rf_library copies[2];
  static unsigned calls;
  rf_library* copy = &copies[calls++ % 2];
  *copy = kLibrary;
  return copy;
}
#else
const rf_library* rf_plugin_library_v1(void) {
  return &kLibrary;
}
#endif

#ifdef BREACH_SYMBOL
RF_EXPORT int one_more(void);
int one_more(void) {
  return 1;
}
#endif
