#pragma once
// What a plugin derives from. One class may implement several interfaces; JSON crosses as text.
// Exceptions may be thrown anywhere below these functions: the thunks turn them into kInternal with a report.

#include <string_view>

#include "redflag/run.hpp"
#include "redflag/services.hpp"

namespace rf {

// Takes the one JSON document an operation writes, in any number of pieces.
class Output {
 public:
  explicit Output(rf_sink sink) : sink_(sink) {}
  Status write(std::string_view bytes) { return toStatus(sink_.write(sink_.sink_data, str(bytes))); }

 private:
  rf_sink sink_;
};

class Plugin {
 public:
  virtual ~Plugin() = default;
  // `settings`: one JSON object, valid against the declared schema with defaults filled in. At most once,
  // before use.
  virtual Status configure(std::string_view settings) {
    static_cast<void>(settings);
    return Status::kOk;
  }
};

// rf.scanner/1
class Scanner : public virtual Plugin {
 public:
  // Is there anything here to scan? kOk, kNotApplicable, or why not. Quick; emits no records.
  virtual Status probe(Run& run) {
    static_cast<void>(run);
    return Status::kOk;
  }
  virtual Status scan(Run& run) = 0;
};

// rf.updater/1 (draft): requests and results as in redflag/draft/updater.h.
class Updater : public virtual Plugin {
 public:
  virtual Status plan(Run& run, std::string_view request, Output& result) = 0;
  virtual Status download(Run&, std::string_view, Output&) { return Status::kUnsupported; }
  virtual Status install(Run& run, std::string_view request, Output& result) = 0;
  virtual Status verify(Run&, std::string_view, Output&) { return Status::kUnsupported; }
  virtual Status rollback(Run&, std::string_view, Output&) { return Status::kUnsupported; }
  virtual Status repair(Run&, std::string_view, Output&) { return Status::kUnsupported; }
};

// rf.actions/1 (draft): documents as in redflag/draft/actions.h.
class Actions : public virtual Plugin {
 public:
  virtual Status listActions(Output& result) = 0;
  virtual Status runAction(Run& run, std::string_view request, Output& result) = 0;
};

// rf.command-type/1 (draft): documents as in redflag/draft/command_type.h.
class CommandType : public virtual Plugin {
 public:
  virtual Status describe(Output& result) = 0;
  virtual Status validate(std::string_view batch, Output& result) = 0;
  virtual Status plan(std::string_view batch, Output& result) = 0;
  virtual Status onResult(std::string_view batch, Output& result) = 0;
};

}  // namespace rf
