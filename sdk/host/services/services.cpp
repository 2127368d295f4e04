#include "host/services/services.h"

#include "host/json_text.h"
#include "host/text.h"

namespace redflag::host {

rf_status ServiceContext::deny(std::string_view what) const {
  reporter.reportOnce(RF_DENIED, "service.denied",
                      readable(what, 512) + " is not among the plugin's capabilities");
  return RF_DENIED;
}

Services::Services(ServiceContext context, StateService::Values kept, bool shows_kept, int reads)
    : context_(context),
      log_(context_.reporter),
      progress_(context_.reporter),
      state_(std::move(kept), shows_kept),
      file_(context_),
      exec_(context_),
      http_(context_, reads) {
  host_.struct_size = sizeof(rf_host);
  host_.abi_minor = RF_ABI_MINOR;
  host_.host_data = this;
  host_.service = &find;
}

const void* Services::find(const rf_host* host, rf_str id) {
  const auto* self = static_cast<const Services*>(host->host_data);
  const std::string_view name = viewOf(id);
  if (name == RF_LOG_1) return self->log_.table();
  if (name == RF_CLOCK_1) return self->clock_.table();
  if (name == RF_STATE_1) return self->state_.table();
  if (name == RF_FILE_1) return self->file_.table();
  if (name == RF_EXEC_1) return self->exec_.table();
  if (name == RF_HTTP_1) return self->http_.table();
  if (name == RF_PROGRESS_1) return self->progress_.table();
  return nullptr;
}

}  // namespace redflag::host
