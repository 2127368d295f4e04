#pragma once
// The second factor of people: codes of an authenticator app, and recovery codes for when it is lost. The
// app's secret is sealed with a key that is in a file beside the database: who steals the database alone
// makes no codes. Recovery codes have 80 random bits and are kept as their hashes.

#include <set>
#include <string>
#include <vector>

#include "auth/factor_store.h"
#include "base/time.h"

namespace redflag::auth {

struct Person {
  std::string id;
  std::string username;
};

class SecondFactor {
 public:
  // `key`: 32 secret bytes that outlast restarts. `required_of`: roles that may only set one up until they
  // have one. Store and clock outlive it.
  SecondFactor(FactorStore& store, const Clock& clock, std::string key, std::set<std::string> required_of);

  // Whether it was sealed with that key, which has 32 bytes.
  static bool opens(const std::string& key, const std::string& user_id, const std::string& sealed_secret);

  bool requiredOf(const std::string& role) const { return required_of_.contains(role); }
  bool enabled(const std::string& user_id) const;
  // nullopt while there is none.
  std::optional<StoredFactor> find(const std::string& user_id) const;

  struct Begun {
    std::string secret;  // base 32, to be typed in
    std::string uri;     // the same, to be shown as a QR code
  };
  // A new secret, which counts once it is confirmed. Problem 409 when a second factor is there. [any thread]
  Begun begin(const Person& person);
  // Recovery codes, told this once. Problem 409 when nothing was begun, 422 when it is not the app's code.
  std::vector<std::string> confirm(const Person& person, const std::string& code);

  // Whether it is a code of the app, or a recovery code; it is spent by this. Problem 500 "second_factor.key"
  // when the sealed secret cannot be opened, which leaves the recovery codes. [any thread]
  bool accepts(const Person& person, const std::string& code);

  std::vector<std::string> renewRecoveryCodes(const Person& person);
  // Problem 409 when there is none.
  void turnOff(const Person& person);
  void reset(const Person& person, const std::string& admin);

  // The first half of a sign-in: what the browser keeps until the code comes.
  std::string pend(const Person& person, const std::string& password_hash);
  // The name of whose it is; one try is counted. nullopt: begin again with the password.
  std::optional<std::string> pending(const std::string& token);
  // false: it had ended already, as it does when the password is changed.
  bool endPending(const std::string& token);

 private:
  std::string seal(const std::string& secret, const std::string& user_id) const;
  std::string open(const std::string& sealed, const std::string& user_id) const;
  std::string hashOf(const std::string& user_id, const std::string& recovery_code) const;

  FactorStore& store_;
  const Clock& clock_;
  const std::string key_;
  const std::set<std::string> required_of_;
};

}  // namespace redflag::auth
