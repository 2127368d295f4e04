#pragma once
// What is wished of an agent's settings, level by level, and how that compares with what it tells. Pure.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "settings/server_settings.h"
#include "store/profiles.h"

namespace redflag::services {

struct LoadedProfile {
  store::Profile profile;
  std::vector<settings::ServerSetting> settings;
  std::string problem = {};  // why they cannot be read: then it wishes nothing; "" when they can
};

// Where a profile's values are asked for: an agent with its client, site and groups, or a place alone.
struct SettingsPlace {
  std::string client_id;
  std::string site_id;
  std::string agent_id;
  std::vector<std::string> group_ids = {};
};

SettingsPlace placeOf(const store::AgentSettings& row);
SettingsPlace placeOf(const store::DecisionScope& scope);

// Which of two places that an agent is in counts: the agent itself before its groups, these before its site,
// that before its client. Of its groups the one whose name comes first, by its bytes.
bool nearer(const store::DecisionScope& one, const store::DecisionScope& other);

LoadedProfile loadProfile(store::Profile profile);
std::vector<LoadedProfile> loadProfiles(std::vector<store::Profile> profiles);

struct Wished {
  Json::json_pointer key;
  Json value;
  store::Profile from;  // whose value it is
};
using WishedSettings = std::map<std::string, Wished>;  // by the pointer's text

// Of the place's profiles the nearest that sets a value counts. `profiles`: in any order, any others among
// them.
WishedSettings wishedAt(const std::vector<LoadedProfile>& profiles, const SettingsPlace& place);
// One of the place's that cannot be read: nobody knows all that is wished there. nullptr: there is none.
const LoadedProfile* unreadableAt(const std::vector<LoadedProfile>& profiles, const SettingsPlace& place);

// What an agent told (kernel/config/report.h).
class ToldSettings {
 public:
  struct Value {
    std::string from;  // default | plugin | yaml | server | inherited
    std::int64_t line = 0;
    std::optional<Json> value;  // absent: not told
  };

  // "", or what cannot be read: it has told nothing.
  explicit ToldSettings(const std::string& report);

  bool known() const { return known_; }
  // A plugin's value that it does not have itself is what the agent as a whole has.
  std::optional<Value> of(const Json::json_pointer& key) const;
  // What is told of it itself.
  const Value* own(const std::string& pointer) const;
  const std::map<std::string, Value>& all() const { return values_; }
  bool opened(const Json::json_pointer& key) const;           // by policy.server_may_set
  bool concernsNothing(const Json::json_pointer& key) const;  // of a plugin that is not enabled there
  bool writtenBelow(const std::string& pointer) const;        // agent.yaml has something deeper
  bool cut() const { return cut_; }

 private:
  bool known_ = false;
  bool cut_ = false;
  std::vector<std::string> may_set_;
  std::set<std::string> plugins_;
  std::map<std::string, Value> values_;
};

enum class Drift { kAsDesired, kPending, kRefused, kLocal, kUnknown, kNotApplicable };
const char* name(Drift drift);
// The one that asks for a person most; of none: kAsDesired.
Drift worst(const std::vector<Drift>& drifts);

struct Judged {
  Drift drift = Drift::kUnknown;
  std::string text;  // why not as desired
};
Judged judge(const Wished& wished, const ToldSettings& told, const store::SettingsWork& work, bool connected);

// What to order: null takes a value back. At most a hundred values, the rest comes with the next order.
struct SettingsPatch {
  std::vector<settings::ServerSetting> settings;
  std::set<std::string> managed;  // pointers that are set by profiles once it is carried out
  std::string author_id;          // of the nearest profile behind it; "" where values are only taken back
  std::string profile;            // how that is called
};
SettingsPatch patchFor(const WishedSettings& wished, const ToldSettings& told,
                       const std::set<std::string>& managed);

// Lists of pointers as they are stored; what cannot be read is none.
std::set<std::string> readPointers(const std::string& json);
std::string writePointers(const std::set<std::string>& pointers);

}  // namespace redflag::services
