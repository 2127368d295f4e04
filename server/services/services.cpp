#include "services/services.h"

#include <memory>

#include "base/encoding.h"
#include "services/other_servers.h"

namespace redflag::services {

Services::Services(const Context& context)
    : context_(context),
      accounts(context_),
      access(context_),
      decisions(context_),
      second_factors(context_),
      enrolment(context_),
      presence(context_),
      uploads(context_),
      orders(context_),
      approvals(context_, orders),
      second_person(context_, orders),
      ignores(context_),
      policies(context_, approvals),
      settlement(context_, orders),
      security(context_, context_.data),
      overview(context_, security),
      places(context_, orders),
      users(context_),
      profiles(context_),
      profile_keeper(context_, orders),
      schedules(context_),
      schedule_runner(context_, orders),
      groups(context_, orders),
      windows(context_, orders),
      preparations(context_, orders),
      upkeep(context_, orders, schedule_runner, settlement, presence, ignores, policies, windows,
             profile_keeper, preparations) {
  context_.store.onOthers(
      [others = std::make_shared<OtherServers>(context_.store, context_.bell)] { others->look(); });
  context_.store.onOutbox([bell = &context_.bell] { bell->outboxGrew(); });
}

void Services::initialize() {
  context_.store.write([&](store::WriteTransaction& tx) {
    if (!tx.agents().clients(http::Visible::everything()).empty()) return;
    tx.agents().addClient({newId(), "Default client", {{newId(), "Default site"}}}, context_.now());
  });
}

}  // namespace redflag::services
