#pragma once
// People who may sign in, and service accounts, which show tokens: who they are and what they may.
//
// An admin manages whoever holds no grant that reaches beyond what he administers, and gives only grants
// within it: so nobody becomes or makes anybody stronger than he is. All others do not exist for him (404).
// The last admin of everything who can sign in stays one (409 "user.last_admin").

#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "services/context.h"
#include "services/orders.h"
#include "store/people.h"

namespace redflag::services {

struct AccountChange {
  std::optional<http::Grants> grants;
  std::optional<bool> disabled;  // true: signed out everywhere, tokens open nothing
};

struct NewApiToken {
  store::ApiToken token;
  std::string secret;  // shown once; only its hash is stored
};

class Users {
 public:
  explicit Users(const Context& context) : context_(context) {}

  // `kind`: "person" or "service". By name.
  std::vector<store::Account> list(const std::string& kind, const Actor& actor) const;
  store::Account find(const std::string& kind, const std::string& id, const Actor& actor) const;

  // http::Problem 409 when the name is taken; 404 for a place in the grants that the actor does not see, 403
  // for a grant beyond what the actor administers (recorded).
  store::Account add(const std::string& kind, const std::string& name, const std::string& password_hash,
                     const http::Grants& grants, const Actor& actor);
  store::Account change(const std::string& kind, const std::string& id, const AccountChange& change,
                        const Actor& actor);
  void remove(const std::string& kind, const std::string& id, const Actor& actor);
  // Signs the person out everywhere.
  void setPassword(const std::string& id, const std::string& password_hash, const Actor& actor);

  std::vector<store::ApiToken> tokens(const std::string& account_id) const;
  // Good as long as whoever made it is there and administers all that the account may.
  NewApiToken addToken(const std::string& account_id, const std::string& name, std::int64_t expires_in_s,
                       const Actor& actor);
  void revokeToken(const std::string& token_id, const Actor& actor);

 private:
  store::Account require(const store::ReadTransaction& tx, const std::string& kind, const std::string& id,
                         const Actor& actor) const;
  // Why these may not be given by the actor; nullopt when they may.
  std::optional<http::Problem> judge(store::WriteTransaction& tx, const http::Grants& grants,
                                     const Actor& actor) const;
  void tell(store::WriteTransaction& tx, const http::Grants& about, const Actor& actor,
            const std::string& kind, const std::string& text) const;

  void tellGrants(store::WriteTransaction& tx, const store::Account& before, const http::Grants& after,
                  const Actor& actor) const;

  const Context& context_;
};

}  // namespace redflag::services
