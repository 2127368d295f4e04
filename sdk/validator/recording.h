#pragma once
// What the services answered in a run of a plugin: kept in a file, played back to it, changed on the way.

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "redflag/services.h"

namespace redflag::validator {

// One call and its answer. Bytes are the pieces that a sink was given, in order.
struct ServiceCall {
  std::string what;  // "file.read", "file.info", "file.list", "exec.run" or "state.get"
  std::vector<std::string> arguments = {};
  rf_status status = RF_OK;
  std::vector<std::string> out = {};
  std::vector<std::string> err = {};  // exec.run
  std::int64_t number = 0;            // exec.run: the exit code; file.info: the size
  bool flag = false;                  // file.info: it is a folder

  bool isSame(const std::string& other, const std::vector<std::string>& its_arguments) const {
    return what == other && arguments == its_arguments;
  }
};

struct Recording {
  std::string plugin;
  std::string version;
  std::vector<ServiceCall> calls;
};

// JSON, bytes in base64, at most 256 MiB.
Result<> writeRecording(const std::filesystem::path& file, const Recording& recording);
// kInvalid names the member.
Result<Recording> readRecording(const std::filesystem::path& file);

// Changes answers, the same ones for the same seed and round; round 0 changes nothing.
class Mutator {
 public:
  Mutator(std::uint64_t seed, std::uint64_t round)
      : round_(round), random_(seed ^ (round * 0x9E3779B97F4A7C15)) {}
  void change(ServiceCall& call);

 private:
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }
  void changeBytes(std::string& bytes);

  std::uint64_t round_;
  std::mt19937_64 random_;
};

}  // namespace redflag::validator
