#pragma once
// The command types found in folders, each a library with its manifest beside it.

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"
#include "commands/command_types.h"
#include "commands/host_runner.h"

namespace redflag::commands {

class LoadedCommandTypes : public CommandTypes {
 public:
  struct Refused {
    std::string id;
    std::string why;
  };
  // Asks each plugin once what it is. A type that cannot be loaded is left out and named in refused(); of two
  // with the same id the first one counts.
  LoadedCommandTypes(const std::vector<std::filesystem::path>& folders,
                     std::shared_ptr<OperationRunner> runner);

  const std::vector<Refused>& refused() const { return refused_; }

  std::vector<CommandType> all() const override;
  std::optional<CommandType> find(const std::string& id) const override;
  std::optional<FieldProblem> validate(const CommandType& type, const Json& parameters) override;
  std::vector<Planned> plan(const CommandType& type, const std::vector<PlanRequest>& requests) override;
  std::vector<std::vector<Json>> onResult(const CommandType& type,
                                          const std::vector<Outcome>& outcomes) override;

 private:
  struct Loaded {
    CommandType type;
    std::filesystem::path library;
  };
  void load(const std::filesystem::path& folder, const std::string& id);
  // As many answers as items, in their order.
  std::vector<Json> batch(const CommandType& type, const std::string& operation, const Json& items);

  std::shared_ptr<OperationRunner> runner_;
  std::map<std::string, Loaded> loaded_;  // only read after construction
  std::vector<Refused> refused_;
};

// What describe() wrote; kInvalid names the member that is wrong.
Result<CommandType> readDescription(const Json& description, const std::string& expected_id);

}  // namespace redflag::commands
