#pragma once
// For whom the executor takes orders: `trust.json` in its state folder, 0600, written at enrolment by root
// and read for each order. The kernel can neither read nor change it.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace redflag::kernel {

struct ExecutorTrust {
  std::string agent_id;
  std::string client_id;
  // Which journal belongs to it. Enrolment leaves it empty; the executor fills it in when it opens its
  // journal. From then on a journal that is missing, or another one, means that a repeated order could not be
  // recognised.
  std::string journal_id;
};

// kNotFound before the first enrolment; kInvalid names the bad member.
Result<ExecutorTrust> loadExecutorTrust(const std::filesystem::path& state_folder);
// Replaces the file at once and durably; makes the folder (0700) if it is missing.
Result<> saveExecutorTrust(const std::filesystem::path& state_folder, const ExecutorTrust& trust);

}  // namespace redflag::kernel
