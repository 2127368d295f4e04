#pragma once
// The smallest thing that a store keeps, for tests of the store itself.

#include <string>

#include "base/encoding.h"
#include "http/grants.h"
#include "store/agents.h"
#include "store/store.h"

namespace redflag::testing {

// With one site.
inline void addClient(store::Store& store, const std::string& name) {
  store.write([&](store::WriteTransaction& tx) {
    tx.agents().addClient({newId(), name, {{newId(), "site"}}}, 1);
  });
}

inline std::size_t clients(const store::Store& store) {
  return store.read([](const store::ReadTransaction& tx) {
    return tx.agents().clients(http::Visible::everything()).size();
  });
}

}  // namespace redflag::testing
