/* The kinds of records a scanner can report, and their fields. The type of a field says which put_ it wants:
 * text, choice (one of its constants) and list: put_text, a list repeatedly; int and flag (0 or 1): put_int;
 * real: put_real; time: put_time; any: put_text, put_int or put_real. Made by redflag-record-kinds. */
#ifndef REDFLAG_RECORDS_H
#define REDFLAG_RECORDS_H
/* clang-format off */

#define RF_UPDATE_1 "update/1"
#define RF_UPDATE_1_MANAGER "manager" /* text, required, at most 128 bytes */
#define RF_UPDATE_1_KEY "key" /* text, required, at most 512 bytes */
#define RF_UPDATE_1_NAME "name" /* text, required, at most 512 bytes */
#define RF_UPDATE_1_ARCH "arch" /* text, at most 64 bytes */
#define RF_UPDATE_1_CHANNEL "channel" /* text */
#define RF_UPDATE_1_INSTALLED_VERSION "installed_version" /* text, at most 256 bytes */
#define RF_UPDATE_1_CANDIDATE_VERSION "candidate_version" /* text, required, at most 256 bytes */
#define RF_UPDATE_1_SOURCE_PACKAGE "source_package" /* text */
#define RF_UPDATE_1_ORIGIN "origin" /* text */
#define RF_UPDATE_1_CATEGORY "category" /* choice, required */
#define RF_UPDATE_1_CATEGORY_SECURITY "security"
#define RF_UPDATE_1_CATEGORY_BUGFIX "bugfix"
#define RF_UPDATE_1_CATEGORY_ENHANCEMENT "enhancement"
#define RF_UPDATE_1_CATEGORY_DRIVER "driver"
#define RF_UPDATE_1_CATEGORY_FIRMWARE "firmware"
#define RF_UPDATE_1_CATEGORY_FEATURE "feature"
#define RF_UPDATE_1_CATEGORY_UNKNOWN "unknown"
#define RF_UPDATE_1_SEVERITY "severity" /* choice, required */
#define RF_UPDATE_1_SEVERITY_CRITICAL "critical"
#define RF_UPDATE_1_SEVERITY_HIGH "high"
#define RF_UPDATE_1_SEVERITY_MEDIUM "medium"
#define RF_UPDATE_1_SEVERITY_LOW "low"
#define RF_UPDATE_1_SEVERITY_UNKNOWN "unknown"
#define RF_UPDATE_1_ADVISORIES "advisories" /* list */
#define RF_UPDATE_1_CVES "cves" /* list */
#define RF_UPDATE_1_PUBLISHED_AT "published_at" /* time */
#define RF_UPDATE_1_DOWNLOAD_BYTES "download_bytes" /* int */
#define RF_UPDATE_1_INSTALLED_BYTES "installed_bytes" /* int */
#define RF_UPDATE_1_BLOCKED_BY "blocked_by" /* choice */
#define RF_UPDATE_1_BLOCKED_BY_HELD "held"
#define RF_UPDATE_1_BLOCKED_BY_PHASED "phased"
#define RF_UPDATE_1_BLOCKED_BY_KEPT_BACK "kept_back"
#define RF_UPDATE_1_BLOCKED_BY_EXCLUDED "excluded"
#define RF_UPDATE_1_NEEDS_REBOOT "needs_reboot" /* flag */
#define RF_UPDATE_1_SUPERSEDED_BY "superseded_by" /* text */

#define RF_PACKAGE_1 "package/1"
#define RF_PACKAGE_1_MANAGER "manager" /* text, required */
#define RF_PACKAGE_1_KEY "key" /* text, required */
#define RF_PACKAGE_1_NAME "name" /* text, required */
#define RF_PACKAGE_1_ARCH "arch" /* text */
#define RF_PACKAGE_1_VERSION "version" /* text */
#define RF_PACKAGE_1_SOURCE_PACKAGE "source_package" /* text */
#define RF_PACKAGE_1_INSTALLED_AT "installed_at" /* time */
#define RF_PACKAGE_1_INSTALLED_BYTES "installed_bytes" /* int */

#define RF_IMAGE_1 "image/1"
#define RF_IMAGE_1_REFERENCE "reference" /* text, required */
#define RF_IMAGE_1_REGISTRY "registry" /* text */
#define RF_IMAGE_1_TAG "tag" /* text */
#define RF_IMAGE_1_DIGEST "digest" /* text */
#define RF_IMAGE_1_OFFERED_DIGEST "offered_digest" /* text */
#define RF_IMAGE_1_PLATFORM "platform" /* text */

#define RF_CONTAINER_1 "container/1"
#define RF_CONTAINER_1_ID "id" /* text, required */
#define RF_CONTAINER_1_NAME "name" /* text */
#define RF_CONTAINER_1_IMAGE "image" /* text */
#define RF_CONTAINER_1_STATE "state" /* text */
#define RF_CONTAINER_1_HEALTH "health" /* text */
#define RF_CONTAINER_1_COMPOSE_PROJECT "compose_project" /* text */
#define RF_CONTAINER_1_PINNED "pinned" /* flag */

#define RF_VOLUME_1 "volume/1"
#define RF_VOLUME_1_MOUNT "mount" /* text, required */
#define RF_VOLUME_1_DEVICE "device" /* text */
#define RF_VOLUME_1_FILESYSTEM "filesystem" /* text */
#define RF_VOLUME_1_LAYERS "layers" /* list */
#define RF_VOLUME_1_SUBVOLUME "subvolume" /* text */
#define RF_VOLUME_1_TOTAL_BYTES "total_bytes" /* int */
#define RF_VOLUME_1_USED_BYTES "used_bytes" /* int */
#define RF_VOLUME_1_AVAILABLE_BYTES "available_bytes" /* int */
#define RF_VOLUME_1_TOTAL_INODES "total_inodes" /* int */
#define RF_VOLUME_1_USED_INODES "used_inodes" /* int */
#define RF_VOLUME_1_READ_ONLY "read_only" /* flag */
#define RF_VOLUME_1_REMOTE "remote" /* flag */

#define RF_METRIC_1 "metric/1"
#define RF_METRIC_1_NAME "name" /* text, required, at most 256 bytes */
#define RF_METRIC_1_VALUE "value" /* real, required */
#define RF_METRIC_1_LABEL "label" /* list, at most 1024 bytes */

#define RF_SERVICE_1 "service/1"
#define RF_SERVICE_1_NAME "name" /* text, required */
#define RF_SERVICE_1_STATE "state" /* text */
#define RF_SERVICE_1_NEEDS_RESTART "needs_restart" /* flag */
#define RF_SERVICE_1_NEEDS_REBOOT "needs_reboot" /* flag */
#define RF_SERVICE_1_REASON "reason" /* text */
#define RF_SERVICE_1_PACKAGES "packages" /* list */

#define RF_FACT_1 "fact/1"
#define RF_FACT_1_NAME "name" /* text, required, at most 256 bytes */
#define RF_FACT_1_VALUE "value" /* any, required */

#endif
