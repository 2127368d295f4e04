#pragma once
// Profiles as people keep them: what is wished of agents' settings at a place, and how far it is so there.

#include <map>
#include <string>
#include <vector>

#include "services/orders.h"
#include "services/wished_settings.h"

namespace redflag::services {

// The command type by which settings are set.
constexpr const char* kConfigureType = "configure";

using DriftCounts = std::map<Drift, std::int64_t>;

// What holds at a place, its own profile and those of the wider places taken together.
struct PlaceSettings {
  store::DecisionScope scope;
  std::optional<store::Profile> own;
  WishedSettings wished;
  std::map<std::string, DriftCounts> by_value;  // agents, by the value's pointer
  std::int64_t agents = 0;                      // at the place, that the actor sees
  DriftCounts by_agent;                         // each by its worst; none where nothing is wished
};

struct AgentView {
  store::AgentSettings row;
  std::optional<store::Profile> own;
  WishedSettings wished;
  std::map<std::string, Judged> judged;  // by pointer
  ToldSettings told{""};
};

// What saving a profile would change.
struct ProfileReach {
  struct Value {
    Json::json_pointer key;
    std::optional<Json> before;  // absent: each agent's own
    std::optional<Json> after;
    DriftCounts agents;  // how it would be there
  };
  std::int64_t agents = 0;  // for which anything changes
  std::int64_t refuse = 0;  // of these, that would refuse a value or keep their own
  std::vector<Value> values;
  std::vector<std::string> refusing;  // hostnames of some
};

class Profiles {
 public:
  explicit Profiles(const Context& context) : context_(context) {}

  // Those that say something of what the actor sees; the widest first.
  std::vector<LoadedProfile> list(const Actor& actor) const;
  PlaceSettings at(const store::DecisionScope& place, const Actor& actor) const;  // http::Problem 404
  AgentView ofAgent(const std::string& agent_id, const Actor& actor) const;       // http::Problem 404

  // `draft` with an id: instead of that one, whose scope stays; without any settings: without it.
  // http::Problem as of add() and change(), but for the proof.
  ProfileReach preview(store::Profile draft, const Actor& actor) const;
  // http::Problem 404 a place that the actor does not see, 403 where the actor has not the role that
  // configuring asks for over all of it, 409 where it has one, 422 with the field and what was expected.
  LoadedProfile add(store::Profile profile, const Actor& actor);
  LoadedProfile change(const store::Profile& profile, const Actor& actor);  // its scope stays
  void remove(const std::string& profile_id, const Actor& actor);

 private:
  commands::CommandType configuring() const;
  LoadedProfile profileFor(const store::ReadTransaction& tx, const std::string& profile_id,
                           const Actor& actor) const;
  void tell(store::WriteTransaction& tx, const store::Profile& profile, const std::string& before,
            const Actor& actor, const std::string& what) const;
  void requireProof(const Actor& actor) const;

  const Context& context_;
};

// http::Problem 422 for settings that no agent would take. `pointer`: where they are in the body.
void requireSettable(const Json& settings, const std::string& pointer);

}  // namespace redflag::services
